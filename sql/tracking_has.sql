SELECT count() AS n
FROM {id:database}.{id:table}
WHERE seq = toUInt64({str:seq}) AND run_id = {str:run_id}
