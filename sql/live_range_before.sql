SELECT substring(user_id, 1, 2) AS prefix, count() AS events
FROM {id:database}.{id:table}
WHERE event_ts >= toDateTime('2026-01-01 00:00:05') + toUInt32({str:from})
    AND event_ts < toDateTime('2026-01-01 00:00:05') + toUInt32({str:to})
GROUP BY prefix
ORDER BY prefix
