SELECT DISTINCT partition_id
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active
ORDER BY partition_id
