-- SPDX-License-Identifier: Apache-2.0
-- What doctor and dump look at.

-- :name doctor_disks () -> sealed: name, free uint, total uint, largest uint
SELECT d.name AS name, d.free_space AS free, d.total_space AS total, p.largest AS largest
FROM system.disks AS d
LEFT JOIN (
    SELECT disk_name, max(bytes_on_disk) AS largest FROM system.parts WHERE active GROUP BY disk_name
) AS p ON p.disk_name = d.name
ORDER BY name;

-- :name doctor_limits () -> sealed: name, value uint
SELECT name, toUInt64(value) AS value
FROM system.merge_tree_settings
WHERE name IN ('number_of_mutations_to_delay', 'number_of_mutations_to_throw', 'parts_to_delay_insert',
               'parts_to_throw_insert');

-- :name doctor_own_limits () -> sealed: database, table, id, n uint, slow uint, fail uint
SELECT p.database AS database, p.table AS table, p.id AS id, p.n AS n, s.slow AS slow, s.fail AS fail
FROM
(
    SELECT database, table, substring(name, 1, position(name, '_') - 1) AS id, count() AS n
    FROM system.parts
    WHERE active
    GROUP BY database, table, id
    ORDER BY n DESC
    LIMIT 1 BY database, table
) AS p
INNER JOIN
(
    SELECT database, name AS table,
        if(position(engine_full, 'parts_to_delay_insert = ') > 0,
            toUInt64OrZero(extract(engine_full, 'parts_to_delay_insert = ([0-9]+)')),
            (SELECT toUInt64OrZero(any(value)) FROM system.merge_tree_settings WHERE name = 'parts_to_delay_insert')) AS slow,
        if(position(engine_full, 'parts_to_throw_insert = ') > 0,
            toUInt64OrZero(extract(engine_full, 'parts_to_throw_insert = ([0-9]+)')),
            (SELECT toUInt64OrZero(any(value)) FROM system.merge_tree_settings WHERE name = 'parts_to_throw_insert')) AS fail
    FROM system.tables
    WHERE position(engine_full, 'parts_to_') > 0
) AS s ON p.database = s.database AND p.table = s.table
ORDER BY database, table;

-- :name doctor_parts () -> sealed at most one row: database, table, id, n uint
SELECT database, table, substring(name, 1, position(name, '_') - 1) AS id, count() AS n
FROM system.parts
WHERE active
GROUP BY database, table, id
ORDER BY n DESC, database, table, id
LIMIT 1;

-- :name doctor_mutations () -> sealed at most one row: database, table, n uint
SELECT database, table, count() AS n
FROM system.mutations
WHERE is_done = 0
GROUP BY database, table
ORDER BY n DESC
LIMIT 1;

-- :name doctor_replicas () -> sealed: database, table, is_readonly uint, absolute_delay uint,
--     queue_size uint
SELECT database, table, is_readonly, absolute_delay, queue_size
FROM system.replicas
WHERE is_readonly OR absolute_delay > 60
ORDER BY database, table;

-- :name udf_all () -> sealed: name, load_status, loading_error_message, command, udf_type, return_type,
--     return_name, deterministic uint, pool_size uint, command_read_timeout uint,
--     command_write_timeout uint, max_command_execution_time uint, arguments uint, argument_type,
--     format, chunk_header uint
SELECT name, toString(load_status) AS load_status, loading_error_message, command, toString(type) AS udf_type,
    return_type, return_name, deterministic, pool_size, command_read_timeout, command_write_timeout,
    max_command_execution_time, length(argument_types) AS arguments, argument_types[1] AS argument_type,
    format, send_chunk_header AS chunk_header
FROM system.user_defined_functions
ORDER BY name;

-- :name udf_definition (name) -> sealed at most one row: load_status, loading_error_message, command,
--     pool_size uint, command_read_timeout uint, command_write_timeout uint,
--     max_command_execution_time uint, return_name, deterministic uint, type
SELECT toString(load_status) AS load_status, loading_error_message, command, pool_size,
    command_read_timeout, command_write_timeout, max_command_execution_time, return_name,
    deterministic, type
FROM system.user_defined_functions
WHERE name = {str:name};

-- :name udf_sample (function, prefix, type) -> sealed one row: n uint, empties uint, different uint
SELECT count() AS n, countIf(ifNull(toString(a) = '', 1)) AS empties, uniqExact(a) AS different
FROM (
    SELECT {id:function}(CAST(concat({str:prefix}, toString(number)), {str:type})) AS a
    FROM (SELECT number FROM system.numbers LIMIT 1000)
);

-- :name dump_tables (database) -> sealed: database, name, engine, create_table_query
SELECT database, name, engine, create_table_query
FROM system.tables
WHERE database = {str:database} AND create_table_query != ''
  AND NOT startsWith(name, '.inner')
ORDER BY engine IN ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Dictionary'), name;

-- :name format_pretty (sql) -> sealed one row: sql
SELECT formatQuery({str:sql}) AS sql;
