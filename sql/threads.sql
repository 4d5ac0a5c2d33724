SELECT (SELECT count() FROM system.processes) AS queries, value AS threads
FROM system.settings
WHERE name = 'max_threads'
