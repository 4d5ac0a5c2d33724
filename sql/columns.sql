SELECT name, type, default_kind, default_expression
FROM system.columns
WHERE database = {str:database} AND table = {str:table}
