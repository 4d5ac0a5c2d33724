SELECT DISTINCT p.partition_id AS id
FROM system.parts AS p
INNER JOIN (
    SELECT substring(partition_id, 40) AS id, max(max_block_number) AS last_block
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND column = {str:column} AND active
      AND partition_id LIKE 'patch-%'
    GROUP BY id
) AS u ON u.id = p.partition_id
WHERE p.database = {str:database} AND p.table = {str:table} AND p.active AND p.rows > 0
  AND p.data_version < u.last_block
  AND p.name NOT IN (
    SELECT name FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND column = {str:column} AND active)
ORDER BY id
