-- SPDX-License-Identifier: Apache-2.0
-- The tracking table: what was applied, one row an event, appended to only.

-- :name tracking_create (database, table)
CREATE TABLE IF NOT EXISTS {id:database}.{id:table} (
    layout UInt16,
    seq UInt64,
    run_id String,
    version UInt64,
    name String,
    direction String,
    event String,
    stmt UInt32,
    stmts UInt32,
    file_sha256 String,
    stmt_sha256 String,
    query_id String,
    at DateTime,
    execution_ms UInt64,
    error_code Int32,
    error String,
    host String,
    pid UInt32,
    tool_version String
) ENGINE = MergeTree() ORDER BY (seq);

-- :name tracking_create_cluster (database, table, cluster, path, replica)
CREATE TABLE IF NOT EXISTS {id:database}.{id:table} ON CLUSTER {id:cluster} (
    layout UInt16,
    seq UInt64,
    run_id String,
    version UInt64,
    name String,
    direction String,
    event String,
    stmt UInt32,
    stmts UInt32,
    file_sha256 String,
    stmt_sha256 String,
    query_id String,
    at DateTime,
    execution_ms UInt64,
    error_code Int32,
    error String,
    host String,
    pid UInt32,
    tool_version String
) ENGINE = ReplicatedMergeTree({str:path}, {str:replica}) ORDER BY (seq);

-- The first row is of no column, and always there: it says what time it is, and the table's engine.
-- :name tracking_columns (database, table) -> sealed: name, type, engine, now_s uint
SELECT tupleElement(c, 1) AS name, tupleElement(c, 2) AS type, (
    SELECT any(engine) FROM system.tables WHERE database = {str:database} AND name = {str:table}) AS engine,
    toUnixTimestamp(now()) AS now_s
FROM (
    SELECT arrayJoin(arrayConcat([tuple('', '')], groupArray(tuple(name, type)))) AS c
    FROM system.columns
    WHERE database = {str:database} AND table = {str:table});

-- :name tracking_drop (database, table)
DROP TABLE IF EXISTS {id:database}.{id:table};

-- Of a version that has ended, its ends alone: how it came there says nothing more of it.
-- :name tracking_rows (database, table) -> sealed: seq uint, run_id, version uint, name,
--     direction, event, stmt uint, stmts uint, file_sha256, stmt_sha256, query_id, at_s uint,
--     at_utc, execution_ms uint, error_code int, error, host, pid uint, tool_version, layout uint
SELECT
    seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256, query_id,
    toUnixTimestamp(at) AS at_s, toString(at, 'UTC') AS at_utc, execution_ms, error_code, error,
    host, pid, tool_version, layout
FROM {id:database}.{id:table}
WHERE event IN ('applied', 'baselined', 'reverted') OR version NOT IN (
    SELECT version
    FROM {id:database}.{id:table}
    GROUP BY version
    HAVING maxIf(seq, event IN ('applied', 'baselined', 'reverted')) >
        maxIf(seq, event NOT IN ('applied', 'baselined', 'reverted')))
ORDER BY seq, event = 'repaired', at, run_id;

-- One hash of which files are applied: each version with its file's hash, by the last row of each. A version with two rows
-- of one seq is left out, since their order is not by seq alone. Not sealed: it is compared with the hash that the files have.
-- :name tracking_digest (database, table) -> one row: digest
SELECT lower(hex(SHA256(concat((
    SELECT any(engine) FROM system.tables WHERE database = {str:database} AND name = {str:table}), '\n',
    arrayStringConcat(arraySort(groupArray(one))))))) AS digest
FROM (
    SELECT argMax(concat(toString(version), if(event IN ('applied', 'baselined'), ' ', ' not '), file_sha256, '\n'), seq) AS one
    FROM {id:database}.{id:table}
    GROUP BY version
    HAVING count() = uniqExact(seq));

-- :name tracking_has (database, table, seq, run_id) -> sealed one row: n uint
SELECT count() AS n
FROM {id:database}.{id:table}
WHERE seq = toUInt64({str:seq}) AND run_id = {str:run_id};

-- The rows follow, a tracking_row each. All of them come in one part, or none does.
-- :name tracking_insert (database, table)
INSERT INTO {id:database}.{id:table} (
    layout, seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256,
    query_id, at, execution_ms, error_code, error, host, pid, tool_version
) VALUES;

-- Layout 2: of an INSERT that is recorded as failed nothing is left; 1 did not look.
-- :name tracking_row (seq, run_id, version, name, direction, event, stmt, stmts, file_sha256,
--     stmt_sha256, query_id, execution_ms, error_code, error, host, pid, tool_version)
(2, {num:seq}, {str:run_id}, {num:version}, {str:name}, {str:direction}, {str:event}, {num:stmt},
    {num:stmts}, {str:file_sha256}, {str:stmt_sha256}, {str:query_id}, now(), {num:execution_ms},
    {num:error_code}, {str:error}, {str:host}, {num:pid}, {str:tool_version});
