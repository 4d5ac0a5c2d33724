SELECT database, name, engine, create_table_query
FROM system.tables
WHERE engine IN ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Buffer', 'Distributed')
ORDER BY database, name
