SELECT count() AS n FROM system.functions WHERE name = {str:name}
