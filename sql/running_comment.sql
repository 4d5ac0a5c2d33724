SELECT count() AS n FROM system.processes WHERE Settings['log_comment'] = {str:id}
