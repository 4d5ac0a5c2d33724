INSERT INTO {id:database}.{id:table} (event_id, event_ts, event_type, user_id)
SELECT
    concat('g', toString(n)) AS event_id,
    toDateTime('2026-01-01 00:00:05') + toUInt32(intDiv(n * 7776000, toUInt64({str:rows}))) AS event_ts,
    arrayElement(['view', 'click', 'signup', 'purchase'], 1 + intDiv(hash, 16777216) % 4) AS event_type,
    concat('u', toString(1 + hash % 9), '_', substring(toString(1000000 + intDiv(hash, 65536) % 1000000), 2)) AS user_id
FROM (
    SELECT number + toUInt64({str:from}) AS n, intHash64(n) AS hash
    FROM numbers(toUInt64({str:count}))
)
