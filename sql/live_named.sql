SELECT event_id, user_id, region
FROM {id:database}.{id:table}
WHERE event_id IN ('e1', 'e2', 'e3', 'e4', 'e5')
ORDER BY event_id
