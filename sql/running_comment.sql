SELECT count() AS n
FROM system.processes
WHERE query_id = {str:id} OR Settings['log_comment'] = {str:id}
