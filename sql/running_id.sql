SELECT count() AS n FROM system.processes WHERE query_id = {str:id}
