SELECT substring(query, 1, 2000) AS query, count() AS n
FROM system.query_log
WHERE event_date >= today() - 7 AND toInt8(type) = 2 AND position(lower(query), 'insert') > 0
  AND position(query, {str:table}) > 0
GROUP BY query
ORDER BY n DESC
LIMIT 500
