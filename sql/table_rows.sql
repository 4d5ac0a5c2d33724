SELECT sum(rows) AS rows, count() AS parts, max(bytes_on_disk) AS largest, sum(bytes_on_disk) AS bytes
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active
