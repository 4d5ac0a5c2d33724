SELECT query_id, toUInt64(elapsed) AS elapsed_s, substring(query, 1, 120) AS text
FROM system.processes
WHERE query_kind IN ('Insert', 'AsyncInsertFlush')
ORDER BY query_id
