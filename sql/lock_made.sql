SELECT toUnixTimestamp(metadata_modification_time) AS made_s, toUnixTimestamp(now()) AS now_s,
    toString(metadata_modification_time, 'UTC') AS made_utc
FROM system.tables
WHERE database = {str:database} AND name = {str:table}
