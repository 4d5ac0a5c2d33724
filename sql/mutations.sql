SELECT mutation_id, command, parts_to_do, is_done, toUnixTimestamp(create_time) AS made_s,
    latest_fail_reason, latest_failed_part, toUnixTimestamp(latest_fail_time) AS fail_s
FROM system.mutations
WHERE database = {str:database} AND table = {str:table}
