SELECT name, type, default_kind, default_expression
FROM (
    SELECT name, type, default_kind, default_expression
    FROM system.columns
    WHERE database = {str:database} AND table = {str:table}
    UNION ALL
    SELECT 'mutations' AS name, toString(count()) AS type, '' AS default_kind, '' AS default_expression
    FROM system.mutations
    WHERE database = {str:database} AND table = {str:table}
)
ORDER BY name
