CREATE TABLE {id:database}.{id:table} (
    at DateTime,
    beat_of String,
    run_id String DEFAULT {str:run_id},
    host String DEFAULT {str:host},
    pid String DEFAULT {str:pid},
    command String DEFAULT {str:command},
    made String DEFAULT {str:made}
) ENGINE = MergeTree() ORDER BY (at)
