SELECT toInt8(type) AS type, exception
FROM system.query_log
WHERE query_id = {str:id} AND event_date >= toDate(toDateTime(toUInt32({str:since_s})))
ORDER BY toInt8(type)
