SELECT name, toString(load_status) AS load_status, loading_error_message, command, toString(type) AS udf_type,
    return_type, return_name, deterministic, pool_size, command_read_timeout, command_write_timeout,
    max_command_execution_time, length(argument_types) AS arguments, argument_types[1] AS argument_type
FROM system.user_defined_functions
ORDER BY name
