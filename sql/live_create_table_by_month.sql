CREATE TABLE {id:database}.{id:table}
(
    event_id String,
    event_ts DateTime,
    event_type String,
    user_id String
)
ENGINE = MergeTree()
PARTITION BY toYYYYMM(event_ts)
ORDER BY (event_ts, event_id)
