SELECT toUnixTimestamp(max(at)) AS beat_s
FROM {id:database}.{id:table}
WHERE beat_of = {str:run_id}
