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

-- :name tracking_drop (database, table)
DROP TABLE IF EXISTS {id:database}.{id:table};

-- Every answer has a row, also that of an empty table (rows_n is 0), says how many there are, and has
-- the hash of what the server read: a history that lost a row or a bit on its way is not taken for one.
-- :name tracking_rows (database, table) -> rows_n uint, seq uint, run_id, version uint, name,
--     direction, event, stmt uint, stmts uint, file_sha256, stmt_sha256, query_id, at_s uint, at_utc,
--     execution_ms uint, error_code int, error, host, pid uint, tool_version, row_sha256
SELECT
    rows_n, r.1 AS seq, r.2 AS run_id, r.3 AS version, r.4 AS name, r.5 AS direction, r.6 AS event,
    r.7 AS stmt, r.8 AS stmts, r.9 AS file_sha256, r.10 AS stmt_sha256, r.11 AS query_id,
    toUnixTimestamp(r.12) AS at_s, toString(r.12, 'UTC') AS at_utc, r.13 AS execution_ms,
    r.14 AS error_code, r.15 AS error, r.16 AS host, r.17 AS pid, r.18 AS tool_version,
    lower(hex(SHA256(concat(
        toString(rows_n), '\n', toString(seq), '\n', run_id, '\n', toString(version), '\n', name, '\n',
        direction, '\n', event, '\n', toString(stmt), '\n', toString(stmts), '\n', file_sha256, '\n',
        stmt_sha256, '\n', query_id, '\n', toString(at_s), '\n', at_utc, '\n', toString(execution_ms), '\n',
        toString(error_code), '\n', error, '\n', host, '\n', toString(pid), '\n', tool_version, '\n')))) AS row_sha256
FROM (
    SELECT count() AS rows_n, groupArray(tuple(
        seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256, query_id,
        at, execution_ms, error_code, error, host, pid, tool_version)) AS all_rows
    FROM {id:database}.{id:table}
)
LEFT ARRAY JOIN all_rows AS r
ORDER BY seq, event = 'repaired', at_s, run_id;

-- :name tracking_has (database, table, seq, run_id) -> one row: n uint
SELECT count() AS n
FROM {id:database}.{id:table}
WHERE seq = toUInt64({str:seq}) AND run_id = {str:run_id};

-- :name tracking_insert (database, table, seq, run_id, version, name, direction, event, stmt,
--     stmts, file_sha256, stmt_sha256, query_id, execution_ms, error_code, error, host, pid,
--     tool_version)
INSERT INTO {id:database}.{id:table} (
    layout, seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256,
    query_id, at, execution_ms, error_code, error, host, pid, tool_version
) SELECT
    toUInt16(1), toUInt64({str:seq}), {str:run_id}, toUInt64({str:version}), {str:name},
    {str:direction}, {str:event}, toUInt32({str:stmt}), toUInt32({str:stmts}), {str:file_sha256},
    {str:stmt_sha256}, {str:query_id}, now(), toUInt64({str:execution_ms}),
    toInt32({str:error_code}), {str:error}, {str:host}, toUInt32({str:pid}), {str:tool_version};
