SELECT database, table, count() AS n
FROM system.mutations
WHERE is_done = 0
GROUP BY database, table
ORDER BY n DESC
LIMIT 1
