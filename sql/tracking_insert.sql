INSERT INTO {id:database}.{id:table} (
    layout, seq, run_id, version, name, direction, event, stmt, stmts, file_sha256, stmt_sha256,
    query_id, at, execution_ms, error_code, error, host, pid, tool_version
) SELECT
    toUInt16(1), toUInt64({str:seq}), {str:run_id}, toUInt64({str:version}), {str:name},
    {str:direction}, {str:event}, toUInt32({str:stmt}), toUInt32({str:stmts}), {str:file_sha256},
    {str:stmt_sha256}, {str:query_id}, now(), toUInt64({str:execution_ms}),
    toInt32({str:error_code}), {str:error}, {str:host}, toUInt32({str:pid}), {str:tool_version}
