SELECT name, type, default_kind, default_expression
FROM system.columns
WHERE database = {str:database} AND table = {str:table}
UNION ALL
SELECT 'mutations', toString(count()), '', ''
FROM system.mutations
WHERE database = {str:database} AND table = {str:table}
ORDER BY name
