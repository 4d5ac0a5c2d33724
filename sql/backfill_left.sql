SELECT id, any(text) AS partition_text, count() AS parts, sum(part_rows) AS all_rows, sum(part_bytes) AS bytes,
    max(part_bytes) AS largest_bytes, max(part_rows) AS largest_rows, sum(part_marks) AS granules,
    sumIf(part_bytes, kind = 'Compact') AS compact_bytes
FROM (
    SELECT name, any(partition_id) AS id, any(partition) AS text, any(rows) AS part_rows,
        any(bytes_on_disk) AS part_bytes, any(marks) AS part_marks, any(part_type) AS kind
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND active AND rows > 0 AND name NOT LIKE 'patch-%'
    GROUP BY name
    HAVING countIf(column = {str:column}) = 0
)
GROUP BY id
ORDER BY id
