SELECT p.partition_id AS id, any(p.partition) AS partition_text, count() AS parts,
    sum(p.rows) AS part_rows, sum(p.bytes_on_disk) AS bytes, max(p.bytes_on_disk) AS largest_bytes,
    max(p.rows) AS largest_rows, sum(p.marks) AS granules,
    sumIf(p.bytes_on_disk, p.part_type = 'Compact') AS compact_bytes
FROM system.parts AS p
WHERE p.database = {str:database} AND p.table = {str:table} AND p.active AND p.rows > 0
  AND p.name NOT LIKE 'patch-%'
  AND p.name NOT IN (
    SELECT name FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND column = {str:column} AND active)
GROUP BY id
ORDER BY id
