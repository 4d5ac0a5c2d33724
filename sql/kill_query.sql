KILL QUERY WHERE Settings['log_comment'] = {str:id} ASYNC
