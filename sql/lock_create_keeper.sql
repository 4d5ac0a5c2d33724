CREATE TABLE {id:database}.{id:table} (
    at DateTime,
    beat_of String,
    run_id String DEFAULT {str:run_id},
    host String DEFAULT {str:host},
    pid String DEFAULT {str:pid},
    command String DEFAULT {str:command}
) ENGINE = ReplicatedMergeTree({str:path}, 'lock') ORDER BY (at)
