SELECT substring(user_id, 1, 2) AS prefix, count() AS events
FROM {id:database}.{id:table}
GROUP BY prefix
ORDER BY prefix
