SELECT database, table, mutation_id, command, parts_to_do, latest_fail_reason,
    toString(create_time, 'UTC') AS made_utc
FROM system.mutations
WHERE is_done = 0
ORDER BY create_time
