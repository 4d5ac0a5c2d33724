SELECT
    seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256, query_id,
    toUnixTimestamp(at) AS at_s, toString(at, 'UTC') AS at_utc, execution_ms, error_code, error,
    host, pid, tool_version
FROM {id:database}.{id:table}
ORDER BY seq
