-- SPDX-License-Identifier: Apache-2.0
-- For servers that lack what the other files ask for (18.16 lacks all of it): system tables without the
-- newer columns, and hosts reached by remote().

-- :name mutations_plain (database, table) -> as mutations
SELECT mutation_id, command, parts_to_do, is_done, toUnixTimestamp(create_time) AS made_s,
    '' AS latest_fail_reason, '' AS latest_failed_part, 0 AS fail_s
FROM system.mutations
WHERE database = {str:database} AND table = {str:table};

-- :name mutations_unfinished_plain () -> as mutations_unfinished
SELECT database, table, mutation_id, command, parts_to_do, '' AS latest_fail_reason,
    toString(create_time, 'UTC') AS made_utc
FROM system.mutations
WHERE is_done = 0
ORDER BY create_time;

-- :name inserts_running_plain () -> as inserts_running
SELECT query_id, toUInt64(elapsed) AS elapsed_s, substring(query, 1, 120) AS text
FROM system.processes
WHERE positionCaseInsensitive(query, 'insert') > 0 AND position(query, 'system.processes') = 0
ORDER BY query_id;

-- :name running_id (id) -> as running_comment
SELECT count() AS n FROM system.processes WHERE query_id = {str:id};

-- :name function_any (name) -> as function_origin
SELECT 'System' AS origin FROM system.functions WHERE name = {str:name} OR lower(name) = lower({str:name});

-- :name host_greet_remote (host, user) -> as host_greet
SELECT version() AS version, count() AS n FROM remote({str:host}, system.one, {str:user});

-- :name host_macros (host, user) -> as macros
SELECT macro, substitution FROM remote({str:host}, system.macros, {str:user});

-- :name host_columns (host, user, database, table) -> as columns
SELECT name, type, default_kind, default_expression,
    is_in_partition_key OR is_in_sorting_key OR is_in_primary_key OR is_in_sampling_key AS in_key
FROM remote({str:host}, system.columns, {str:user})
WHERE database = {str:database} AND table = {str:table};

-- :name host_all_tables (host, user) -> as all_tables
SELECT database, name, engine, create_table_query
FROM remote({str:host}, system.tables, {str:user})
WHERE engine IN ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Merge', 'Buffer', 'Distributed')
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY database, name;

-- :name host_table_keeper_path (host, user, database, table) -> as table_keeper_path
SELECT zookeeper_path, total_replicas, active_replicas
FROM remote({str:host}, system.replicas, {str:user})
WHERE database = {str:database} AND table = {str:table};

-- :name host_mutations (host, user, database, table) -> as mutations
SELECT mutation_id, command, parts_to_do, is_done, toUnixTimestamp(create_time) AS made_s,
    '' AS latest_fail_reason, '' AS latest_failed_part, 0 AS fail_s
FROM remote({str:host}, system.mutations, {str:user})
WHERE database = {str:database} AND table = {str:table};

-- :name host_function_fit (host, user, name) -> as function_fit
SELECT command, format, return_type, return_name, length(argument_types) AS arguments,
    argument_types[1] AS argument_type, send_chunk_header AS chunk_header
FROM remote({str:host}, system.user_defined_functions, {str:user})
WHERE name = {str:name} AND load_status = 'Success';

-- :name host_function_known (host, user, name) -> as function_known
SELECT count() AS n FROM remote({str:host}, system.functions, {str:user}) WHERE name = {str:name};

-- :name left_table_plain (database, table) -> as left_table
SELECT toInt64(-1) AS total_rows, length(dependencies_table) AS dependents
FROM system.tables
WHERE database = {str:database} AND name = {str:table};

-- :name logged_inserts_plain (table) -> as logged_inserts
SELECT shown AS query, '' AS in_database, n
FROM (
    SELECT any(substring(query, 1, 2000)) AS shown, count() AS n
    FROM system.query_log
    WHERE event_date >= today() - 7 AND toInt8(type) = 2 AND position(lower(query), 'insert') > 0
      AND position(query, {str:table}) > 0
    GROUP BY replaceRegexpAll(substring(query, 1, 2000), '\x27[^\x27]*\x27|\\b[0-9]+', '?'))
ORDER BY n DESC
LIMIT 1000;
