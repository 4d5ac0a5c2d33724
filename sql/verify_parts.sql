SELECT substring(name, 1, position(name, '_') - 1) AS id, sum(rows) AS part_rows, count() AS parts,
    sum(lacks) AS parts_lacking, sum(rows * lacks) AS rows_lacking
FROM (
    SELECT name, rows, name NOT IN (
        SELECT name FROM system.parts_columns
        WHERE database = {str:database} AND table = {str:table} AND column = {str:column} AND active) AS lacks
    FROM system.parts
    WHERE database = {str:database} AND table = {str:table} AND active AND rows > 0 AND name NOT LIKE 'patch-%'
)
GROUP BY id
ORDER BY id
