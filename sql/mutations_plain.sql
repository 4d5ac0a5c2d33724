SELECT mutation_id, command, parts_to_do, is_done, toUnixTimestamp(create_time) AS made_s,
    '' AS latest_fail_reason, '' AS latest_failed_part, 0 AS fail_s
FROM system.mutations
WHERE database = {str:database} AND table = {str:table}
