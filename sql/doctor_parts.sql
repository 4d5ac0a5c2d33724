SELECT database, table, substring(name, 1, position(name, '_') - 1) AS id, count() AS n
FROM system.parts
WHERE active
GROUP BY database, table, id
ORDER BY n DESC, database, table, id
LIMIT 1
