SELECT database, name, engine, create_table_query
FROM remote({str:host}, system.tables, {str:user})
WHERE engine IN ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Buffer', 'Distributed')
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY database, name
