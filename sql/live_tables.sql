SELECT name FROM system.tables WHERE database = {str:database} ORDER BY name
