-- SPDX-License-Identifier: Apache-2.0
-- The lock: a table that exactly one of many can create, with a heartbeat in it.

-- :name lock_create (database, table, run_id, host, pid, command, made)
CREATE TABLE {id:database}.{id:table} (
    at DateTime,
    beat_of String,
    run_id String DEFAULT {str:run_id},
    host String DEFAULT {str:host},
    pid String DEFAULT {str:pid},
    command String DEFAULT {str:command},
    made String DEFAULT {str:made}
) ENGINE = MergeTree() ORDER BY (at);

-- :name lock_create_keeper (database, table, run_id, host, pid, command, path)
CREATE TABLE {id:database}.{id:table} (
    at DateTime,
    beat_of String,
    run_id String DEFAULT {str:run_id},
    host String DEFAULT {str:host},
    pid String DEFAULT {str:pid},
    command String DEFAULT {str:command}
) ENGINE = ReplicatedMergeTree({str:path}, 'lock') ORDER BY (at);

-- :name lock_drop (database, table)
DROP TABLE {id:database}.{id:table};

-- :name lock_columns (database, prefix) -> sealed: table, name, default_expression
SELECT table, name, default_expression
FROM system.columns
WHERE database = {str:database} AND startsWith(table, {str:prefix})
  AND name IN ('run_id', 'host', 'pid', 'command', 'made');

-- :name lock_made (database, table) -> sealed at most one row: made_s uint, now_s uint, made_utc
SELECT toUnixTimestamp(metadata_modification_time) AS made_s, toUnixTimestamp(now()) AS now_s,
    toString(metadata_modification_time, 'UTC') AS made_utc
FROM system.tables
WHERE database = {str:database} AND name = {str:table};

-- :name lock_beat (database, table, run_id)
INSERT INTO {id:database}.{id:table} (at, beat_of) SELECT now(), {str:run_id};

-- :name lock_beats (database, table, run_id) -> sealed one row: beat_s uint
SELECT toUnixTimestamp(max(at)) AS beat_s
FROM {id:database}.{id:table}
WHERE beat_of = {str:run_id};
