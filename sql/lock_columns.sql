SELECT table, name, default_expression
FROM system.columns
WHERE database = {str:database} AND startsWith(table, {str:prefix})
  AND name IN ('run_id', 'host', 'pid', 'command', 'made')
