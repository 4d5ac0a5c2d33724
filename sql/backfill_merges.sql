SELECT sum(rows_read) AS rows, count() AS parts
FROM system.merges
WHERE database = {str:database} AND table = {str:table} AND is_mutation
