SELECT sum(rows_read) AS rows
FROM system.merges
WHERE database = {str:database} AND table = {str:table} AND is_mutation
