SELECT sumIf(rows, name NOT LIKE 'patch-%') AS table_rows, countIf(name NOT LIKE 'patch-%') AS parts, max(bytes_on_disk) AS largest,
    sum(bytes_on_disk) AS bytes, countIf(name LIKE 'patch-%') AS patches
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active
