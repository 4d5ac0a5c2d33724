-- SPDX-License-Identifier: Apache-2.0
-- The benchmark on live tables: its own database, its load, and the proof of what it did.

-- :name live_create_database (database)
CREATE DATABASE IF NOT EXISTS {id:database};

-- :name live_drop_database (database)
DROP DATABASE IF EXISTS {id:database};

-- :name live_database_exists (database) -> one row: n uint
SELECT count() AS n FROM system.databases WHERE name = {str:database};

-- :name live_tables (database) -> name
SELECT name FROM system.tables WHERE database = {str:database} ORDER BY name;

-- :name live_create_table (database, table)
CREATE TABLE {id:database}.{id:table}
(
    event_id String,
    event_ts DateTime,
    event_type String,
    user_id String
)
ENGINE = MergeTree()
ORDER BY (event_ts, event_id);

-- :name live_create_table_by_month (database, table)
CREATE TABLE {id:database}.{id:table}
(
    event_id String,
    event_ts DateTime,
    event_type String,
    user_id String
)
ENGINE = MergeTree()
PARTITION BY toYYYYMM(event_ts)
ORDER BY (event_ts, event_id);

-- :name live_drop_table (database, table)
DROP TABLE IF EXISTS {id:database}.{id:table};

-- :name live_rename (database, table, to)
RENAME TABLE {id:database}.{id:table} TO {id:database}.{id:to};

-- :name live_seed (database, table)
INSERT INTO {id:database}.{id:table} (event_id, event_ts, event_type, user_id) VALUES
    ('e1', '2026-01-01 00:00:00', 'view', 'u1_001'),
    ('e2', '2026-01-01 00:00:01', 'click', 'u1_002'),
    ('e3', '2026-01-01 00:00:02', 'view', 'u2_001'),
    ('e4', '2026-01-01 00:00:03', 'purchase', 'u1_003'),
    ('e5', '2026-01-01 00:00:04', 'view', 'u3_001');

-- :name live_generate (database, table, rows, from, count)
INSERT INTO {id:database}.{id:table} (event_id, event_ts, event_type, user_id)
SELECT
    concat('g', toString(n)) AS event_id,
    toDateTime('2026-01-01 00:00:05') + toUInt32(intDiv(n * 7776000, toUInt64({str:rows}))) AS event_ts,
    arrayElement(['view', 'click', 'signup', 'purchase'], 1 + intDiv(hash, 16777216) % 4) AS event_type,
    concat('u', toString(1 + hash % 9), '_', substring(toString(1000000 + intDiv(hash, 65536) % 1000000), 2)) AS user_id
FROM (
    SELECT number + toUInt64({str:from}) AS n, intHash64(n) AS hash
    FROM numbers(toUInt64({str:count}))
);

-- :name live_attach (database, table, partition, from)
ALTER TABLE {id:database}.{id:table} ATTACH PARTITION ID {str:partition} FROM {id:database}.{id:from};

-- :name live_read_before (database, table) -> event_id, user_id
SELECT event_id, user_id FROM {id:database}.{id:table} LIMIT 10;

-- :name live_read (database, table) -> event_id, region
SELECT event_id, region FROM {id:database}.{id:table} LIMIT 10;

-- :name live_group_before (database, table) -> prefix, events uint
SELECT substring(user_id, 1, 2) AS prefix, count() AS events
FROM {id:database}.{id:table}
GROUP BY prefix
ORDER BY prefix;

-- :name live_group (database, table) -> region, events uint
SELECT region, count() AS events
FROM {id:database}.{id:table}
GROUP BY region
ORDER BY region;

-- :name live_point_before (database, table, at, id) -> user_id, region
SELECT user_id, '' AS region FROM {id:database}.{id:table}
WHERE event_ts = toDateTime('2026-01-01 00:00:05') + toUInt32({str:at}) AND event_id = {str:id};

-- :name live_point (database, table, at, id) -> user_id, region
SELECT user_id, region FROM {id:database}.{id:table}
WHERE event_ts = toDateTime('2026-01-01 00:00:05') + toUInt32({str:at}) AND event_id = {str:id};

-- :name live_range_before (database, table, from, to) -> prefix, events uint
SELECT substring(user_id, 1, 2) AS prefix, count() AS events
FROM {id:database}.{id:table}
WHERE event_ts >= toDateTime('2026-01-01 00:00:05') + toUInt32({str:from})
    AND event_ts < toDateTime('2026-01-01 00:00:05') + toUInt32({str:to})
GROUP BY prefix
ORDER BY prefix;

-- :name live_range (database, table, from, to) -> region, events uint
SELECT region, count() AS events
FROM {id:database}.{id:table}
WHERE event_ts >= toDateTime('2026-01-01 00:00:05') + toUInt32({str:from})
    AND event_ts < toDateTime('2026-01-01 00:00:05') + toUInt32({str:to})
GROUP BY region
ORDER BY region;

-- :name live_named (database, table) -> event_id, user_id, region
SELECT event_id, user_id, region
FROM {id:database}.{id:table}
WHERE event_id IN ('e1', 'e2', 'e3', 'e4', 'e5')
ORDER BY event_id;

-- :name live_default (database, table) -> at most one row: default_expression
SELECT default_expression
FROM system.columns
WHERE database = {str:database} AND table = {str:table} AND name = 'region';

-- :name live_state (database, table) -> name, type, default_kind, default_expression
SELECT name, type, default_kind, default_expression
FROM (
    SELECT name, type, default_kind, default_expression
    FROM system.columns
    WHERE database = {str:database} AND table = {str:table}
    UNION ALL
    SELECT 'mutations' AS name, toString(count()) AS type, '' AS default_kind, '' AS default_expression
    FROM system.mutations
    WHERE database = {str:database} AND table = {str:table}
)
ORDER BY name;

-- :name live_count (database, table) -> one row: n uint
SELECT count() AS n FROM {id:database}.{id:table};

-- :name live_parts (database, table) -> one row: parts uint, all_rows uint, all_bytes uint
SELECT count() AS parts, sum(rows) AS all_rows, sum(bytes_on_disk) AS all_bytes
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active;

-- :name live_parts_without (database, table) -> one row: n uint
SELECT count() AS n
FROM (
    SELECT name
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND active
    GROUP BY name
    HAVING countIf(column = 'region') = 0
);

-- :name live_partitions (database, table) -> partition_id
SELECT DISTINCT partition_id
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active
ORDER BY partition_id;

-- :name bench_setting (name) -> at most one row: value
SELECT value FROM system.settings WHERE name = {str:name};

-- :name bench_columns (database, table) -> name, type, is_in_primary_key uint
SELECT name, type, is_in_primary_key
FROM system.columns
WHERE database = {str:database} AND table = {str:table}
ORDER BY name;

-- :name bench_rows (database, table) -> one row: n uint
SELECT count() AS n FROM {id:database}.{id:table};
