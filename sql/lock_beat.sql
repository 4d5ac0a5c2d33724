INSERT INTO {id:database}.{id:table} (at, beat_of) SELECT now(), {str:run_id}
