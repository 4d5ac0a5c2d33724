SELECT DISTINCT database, table
FROM system.columns
WHERE name = {str:column} AND default_kind = 'DEFAULT' AND database != 'system'
