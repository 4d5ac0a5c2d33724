SELECT database, name, engine, create_table_query
FROM system.tables
WHERE database = {str:database} AND create_table_query != ''
  AND NOT startsWith(name, '.inner')
ORDER BY engine IN ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Dictionary'), name
