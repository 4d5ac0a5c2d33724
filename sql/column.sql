-- SPDX-License-Identifier: Apache-2.0
-- A derived column: its table, its functions, and what depends on it.

-- :name columns (database, table) -> sealed: name key, type, default_kind, default_expression, in_key uint
SELECT name, type, default_kind, default_expression,
    is_in_partition_key OR is_in_sorting_key OR is_in_primary_key OR is_in_sampling_key AS in_key
FROM system.columns
WHERE database = {str:database} AND table = {str:table};

-- :name column_defaults (column) -> sealed: database, table
SELECT DISTINCT database, table
FROM system.columns
WHERE name = {str:column} AND default_kind = 'DEFAULT' AND database != 'system';

-- :name default_columns () -> sealed: database, table, name, type, default_kind, default_expression
SELECT database, table, name, type, default_kind, default_expression
FROM system.columns
WHERE default_kind != '' AND position(default_expression, '(') > 0
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY database, table, name;

-- :name create_queries () -> sealed: database, name, create_table_query
SELECT database, name, create_table_query
FROM system.tables
WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY database, name;

-- :name table_engine_full (database, table) -> sealed at most one row: engine_full
SELECT engine_full FROM system.tables WHERE database = {str:database} AND name = {str:table};

-- :name all_functions () -> sealed: name
SELECT name FROM system.functions;

-- :name engine_abilities () -> sealed: name key, keys uint, ttl uint, indexes uint
SELECT name, supports_sort_order AS keys, supports_ttl AS ttl, supports_skipping_indices AS indexes
FROM system.table_engines;

-- :name merge_tree_settings () -> sealed: name key, value
SELECT name, toString(value) AS value FROM system.merge_tree_settings;

-- :name merge_tree_setting (name) -> one row: value
SELECT toString(getMergeTreeSetting({str:name})) AS value;

-- :name index_types () -> sealed: name key
SELECT name FROM system.data_skipping_index_types;

-- :name table_engines (database) -> sealed: name key, engine
SELECT name, engine FROM system.tables WHERE database = {str:database};

-- :name table_engine (database, table) -> sealed at most one row: engine
SELECT engine FROM system.tables WHERE database = {str:database} AND name = {str:table};

-- A materialized view's own table, in a database of either kind.
-- :name view_has_rows (database, table) -> sealed one row: n uint
SELECT count() AS n
FROM system.tables
WHERE database = {str:database} AND name IN (
    SELECT arrayJoin([concat('.inner.', name), concat('.inner_id.', toString(uuid))])
    FROM system.tables
    WHERE database = {str:database} AND name = {str:table});

-- :name exists_table (database, table) -> one row: result uint
EXISTS TABLE {id:database}.{id:table};

-- :name exists_dictionary (database, table) -> one row: result uint
EXISTS DICTIONARY {id:database}.{id:table};

-- :name create_query (database, table) -> sealed at most one row: create_table_query
SELECT create_table_query FROM system.tables WHERE database = {str:database} AND name = {str:table};

-- :name udf_argument (name) -> sealed at most one row: argument
SELECT argument_types[1] AS argument FROM system.user_defined_functions WHERE name = {str:name};

-- :name table_rows (database, table) -> sealed one row: table_rows uint, parts uint,
--     largest uint, bytes uint, patches uint
SELECT sumIf(rows, name NOT LIKE 'patch-%') AS table_rows, countIf(name NOT LIKE 'patch-%') AS parts, max(bytes_on_disk) AS largest,
    sum(bytes_on_disk) AS bytes, countIf(name LIKE 'patch-%') AS patches
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active;

-- From one table: a part that is written or merged between the reads of two would seem to lack the column.
-- :name verify_parts (database, table, column) -> sealed: id, part_rows uint, parts uint,
--     parts_lacking uint, rows_lacking uint
SELECT substring(name, 1, position(name, '_') - 1) AS id, sum(n) AS part_rows, count() AS parts,
    sum(lacks) AS parts_lacking, sum(n * lacks) AS rows_lacking
FROM (
    SELECT name, any(rows) AS n, countIf(column = {str:column}) = 0 AS lacks
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND active AND rows > 0 AND name NOT LIKE 'patch-%'
    GROUP BY name
)
GROUP BY id
ORDER BY id;

-- :name type_name (array_of) -> sealed one row: type
SELECT toTypeName(CAST([], {str:array_of})) AS type;

-- Many at once, in a text that 0x1F separates; NULL for each that is none.
-- :name format_queries (texts) -> i uint, sql
SELECT i, formatQuerySingleLineOrNull(text) AS sql
FROM (SELECT splitByChar('\x1F', {str:texts}) AS texts)
ARRAY JOIN texts AS text, arrayEnumerate(texts) AS i
ORDER BY i;

-- :name format_query (sql) -> one row: sql
SELECT formatQuerySingleLine({str:sql}) AS sql;

-- :name dictionary (attribute, name, database) -> sealed at most one row: database, name, complex uint,
--     attributes, has_it uint
SELECT database, name, startsWith(type, 'ComplexKey') AS complex, toString(attribute.names) AS attributes,
    has(attribute.names, {str:attribute}) AS has_it
FROM system.dictionaries
WHERE name = {str:name} AND database IN ({str:database}, '')
ORDER BY database DESC
LIMIT 1;

-- :name function_known (name) -> sealed one row: n uint
SELECT count() AS n FROM system.functions WHERE name = {str:name};

-- :name function_origin (name) -> sealed: origin
SELECT toString(origin) AS origin FROM system.functions WHERE name = {str:name} OR lower(name) = lower({str:name});

-- :name functions (names) -> sealed: name, alias_to, any_case uint, definition
SELECT name, alias_to, case_insensitive AS any_case,
    if(toString(origin) = 'SQLUserDefined', create_query, '') AS definition
FROM system.functions
WHERE has(splitByChar(',', {str:names}), lower(name));

-- :name function_fit (name) -> sealed at most one row: command, format, return_type, return_name,
--     arguments uint, argument_type, chunk_header uint
SELECT command, format, return_type, return_name, length(argument_types) AS arguments,
    argument_types[1] AS argument_type, send_chunk_header AS chunk_header
FROM system.user_defined_functions
WHERE name = {str:name} AND load_status = 'Success';

-- :name function_unsteady (name) -> sealed: name
SELECT name FROM system.functions
WHERE origin = 'System' AND deterministic = 0 AND NOT startsWith(lower(name), 'dict')
  AND (name = {str:name} OR lower(name) = lower({str:name}));

-- :name inserts_running () -> sealed: query_id, elapsed_s uint, text
SELECT query_id, toUInt64(elapsed) AS elapsed_s, substring(query, 1, 120) AS text
FROM system.processes
WHERE query_kind IN ('Insert', 'AsyncInsertFlush')
ORDER BY query_id;

-- :name complete_tables (prefix) -> full
SELECT concat(database, '.', name) AS full
FROM system.tables
WHERE startsWith(concat(database, '.', name), {str:prefix}) AND match(concat(database, name), '^[A-Za-z0-9_]+$')
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY full
LIMIT 500;

-- :name complete_columns (prefix) -> full
SELECT concat(database, '.', table, '.', name) AS full
FROM system.columns
WHERE startsWith(concat(database, '.', table, '.', name), {str:prefix})
  AND match(concat(database, table, name), '^[A-Za-z0-9_]+$')
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY full
LIMIT 500;
