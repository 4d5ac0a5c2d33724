SELECT user_id, '' AS region FROM {id:database}.{id:table}
WHERE event_ts = toDateTime('2026-01-01 00:00:05') + toUInt32({str:at}) AND event_id = {str:id}
