-- SPDX-License-Identifier: Apache-2.0
-- What every connection asks, and what is said of mutations.

-- Not sealed: nothing is known yet of who answers.

-- :name hello () -> one row: version, database, settings
SELECT version() AS version, currentDatabase() AS database,
    (SELECT arrayStringConcat(groupArray(name), ' ') FROM system.settings) AS settings;

-- :name facts () -> sealed: known
SELECT concat(table, '.', name) AS known
FROM system.columns
WHERE database = 'system'
  AND table IN ('mutations', 'merges', 'functions', 'user_defined_functions', 'query_log', 'part_log', 'processes',
                'disks', 'zookeeper', 'replicas', 'tables')
UNION ALL
SELECT concat('has_function.', name) AS known FROM system.functions
WHERE name IN ('formatQuerySingleLine', 'formatQuerySingleLineOrNull')
UNION ALL
SELECT concat('table_functions.', name) AS known FROM system.table_functions WHERE name = 'clusterAllReplicas';

-- :name server_now () -> sealed one row: now_s uint
SELECT toUnixTimestamp(now()) AS now_s;

-- :name mutations (database, table) -> sealed: mutation_id, command, parts_to_do int, is_done uint,
--     made_s uint, latest_fail_reason, latest_failed_part, fail_s uint
SELECT mutation_id, command, parts_to_do, is_done, toUnixTimestamp(create_time) AS made_s,
    latest_fail_reason, latest_failed_part, toUnixTimestamp(latest_fail_time) AS fail_s
FROM system.mutations
WHERE database = {str:database} AND table = {str:table};

-- :name mutations_unfinished () -> sealed: database, table, mutation_id, command, parts_to_do int,
--     latest_fail_reason, made_utc
SELECT database, table, mutation_id, command, parts_to_do, latest_fail_reason,
    toString(create_time, 'UTC') AS made_utc
FROM system.mutations
WHERE is_done = 0
ORDER BY create_time;

-- :name mutation_merges (database, table) -> sealed one row: parts number, rows uint
SELECT sum(progress) AS parts, sum(rows_read) AS rows
FROM system.merges
WHERE database = {str:database} AND table = {str:table} AND is_mutation;

-- :name setting_value (name) -> sealed at most one row: value
SELECT value FROM system.settings WHERE name = {str:name};

-- :name kill_query (id)
KILL QUERY WHERE Settings['log_comment'] = {str:id} ASYNC;

-- The setting's value is 8, or auto(8).
-- :name threads () -> sealed at most one row: queries uint, threads uint
SELECT (SELECT count() FROM system.processes) AS queries, toUInt64OrZero(extract(value, '[0-9]+')) AS threads
FROM system.settings
WHERE name = 'max_threads';
