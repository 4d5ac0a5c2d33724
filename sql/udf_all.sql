SELECT name, toString(load_status) AS load_status, loading_error_message
FROM system.user_defined_functions
ORDER BY name
