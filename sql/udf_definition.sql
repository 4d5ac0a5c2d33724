SELECT toString(load_status) AS load_status, loading_error_message, command, pool_size,
    command_read_timeout, command_write_timeout, max_command_execution_time, return_name,
    deterministic, type
FROM system.user_defined_functions
WHERE name = {str:name}
