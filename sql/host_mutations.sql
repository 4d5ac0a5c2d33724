SELECT mutation_id, command, parts_to_do, is_done, toUnixTimestamp(create_time) AS made_s,
    '' AS latest_fail_reason, '' AS latest_failed_part, 0 AS fail_s
FROM remote({str:host}, system.mutations, {str:user})
WHERE database = {str:database} AND table = {str:table}
