SELECT count()
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active AND name NOT IN (
    SELECT name
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND active AND column = 'region'
)
