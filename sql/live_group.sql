SELECT region, count() AS events
FROM {id:database}.{id:table}
GROUP BY region
ORDER BY region
