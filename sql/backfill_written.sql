SELECT name, partition_id
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active AND rows > 0
    AND toUInt64(toUInt32(modification_time)) >= toUInt64({str:since})
ORDER BY name
