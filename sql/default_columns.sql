SELECT database, table, name, type, default_kind, default_expression
FROM system.columns
WHERE default_kind != '' AND position(default_expression, '(') > 0
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY database, table, name
