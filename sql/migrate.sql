-- SPDX-License-Identifier: Apache-2.0
-- Plan and run: what a server can do, what a statement could break, what became of it.

-- :name probe_add_column (table, column)
ALTER TABLE {id:table} ADD COLUMN IF NOT EXISTS {id:column} UInt8;

-- :name probe_drop_column (table, column)
ALTER TABLE {id:table} DROP COLUMN IF EXISTS {id:column};

-- :name probe_materialize (table, column)
ALTER TABLE {id:table} MATERIALIZE COLUMN {id:column};

-- :name probe_update_partition (table, column)
ALTER TABLE {id:table} UPDATE {id:column} = 1 IN PARTITION ID 'all' WHERE 1;

-- :name logged_inserts (table) -> sealed: query, in_database, n uint
SELECT shown AS query, in_database, n
FROM (
    SELECT any(substring(query, 1, 2000)) AS shown, current_database AS in_database, count() AS n
    FROM system.query_log
    WHERE event_date >= today() - 7 AND toInt8(type) = 2 AND position(lower(query), 'insert') > 0
      AND position(query, {str:table}) > 0
    GROUP BY replaceRegexpAll(substring(query, 1, 2000), '\x27[^\x27]*\x27|\\b[0-9]+', '?'), in_database)
ORDER BY n DESC
LIMIT 1000;

-- :name free_disk () -> sealed one row: free uint
SELECT min(free_space) AS free FROM system.disks;

-- :name database_there (database) -> sealed one row: n uint
SELECT count() AS n FROM system.databases WHERE name = {str:database};

-- :name table_there (database, table) -> sealed one row: n uint
SELECT count() AS n FROM system.tables WHERE database = {str:database} AND name = {str:table};

-- :name running_comment (id) -> sealed one row: n uint
SELECT count() AS n
FROM system.processes
WHERE query_id = {str:id} OR Settings['log_comment'] = {str:id};

-- :name query_log (id, since_s) -> sealed: type int, exception, written uint
SELECT toInt8(type) AS type, exception, written_rows AS written
FROM system.query_log
WHERE query_id = {str:id} AND event_date >= toDate(toDateTime(toUInt32({str:since_s})))
ORDER BY toInt8(type);

-- :name flush_logs ()
SYSTEM FLUSH LOGS;

-- :name left_table (database, table) -> sealed at most one row: total_rows int, dependents uint
SELECT ifNull(toInt64(total_rows), -1) AS total_rows, length(dependencies_table) AS dependents
FROM system.tables
WHERE database = {str:database} AND name = {str:table};

-- :name left_parts (database, table) -> sealed: partition_id, max_block int, rows uint
SELECT partition_id, max_block_number AS max_block, rows
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active;

-- :name left_part_log (database, table, id) -> sealed one row: rows uint
SELECT sum(rows) AS rows
FROM system.part_log
WHERE query_id = {str:id} AND database = {str:database} AND table = {str:table} AND event_type = 'NewPart';

-- :name history_tables (database) -> sealed: name
SELECT name
FROM system.tables
WHERE database = {str:database} AND name IN ('goose_db_version', 'schema_migrations', '_migrations', 'schema_versions')
ORDER BY name = '_migrations', name;

-- The last word on each version. Two words of one second that do not agree are dirty: which was the
-- last one is not to be seen.
-- :name history_goose (database, table) -> sealed: version uint, dirty uint
SELECT version, argMax(mixed, at) AS dirty
FROM (
    SELECT toUInt64(version_id) AS version, tstamp AS at, max(is_applied) AS applied,
        toUInt8(min(is_applied) != max(is_applied)) AS mixed
    FROM {id:database}.{id:table}
    WHERE version_id > 0
    GROUP BY version_id, tstamp)
GROUP BY version
HAVING argMax(applied, at) = 1
ORDER BY version;

-- :name history_dbmate (database, table) -> as history_goose
SELECT toUInt64OrZero(name) AS version, argMax(mixed, at) AS dirty
FROM (
    SELECT version AS name, ts AS at, max(applied) AS word,
        toUInt8(min(applied) != max(applied)) AS mixed
    FROM {id:database}.{id:table}
    GROUP BY version, ts)
GROUP BY name
HAVING argMax(word, at) = 1
ORDER BY version;

-- :name history_golang (database, table) -> as history_goose
SELECT toUInt64(greatest(last_version, 0)) AS version, last_dirty AS dirty
FROM (
    SELECT version AS last_version, dirty AS last_dirty
    FROM {id:database}.{id:table}
    ORDER BY sequence DESC
    LIMIT 1)
WHERE last_version > 0 OR last_dirty != 0;

-- :name history_node (database, table) -> as history_goose
SELECT toUInt64(version) AS version, 0 AS dirty
FROM {id:database}.{id:table}
GROUP BY version
ORDER BY version;

-- :name create_database (database)
CREATE DATABASE IF NOT EXISTS {id:database};
