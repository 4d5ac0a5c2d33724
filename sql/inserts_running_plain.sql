SELECT query_id, toUInt64(elapsed) AS elapsed_s, substring(query, 1, 120) AS text
FROM system.processes
WHERE positionCaseInsensitive(query, 'insert') > 0 AND position(query, 'system.processes') = 0
ORDER BY query_id
