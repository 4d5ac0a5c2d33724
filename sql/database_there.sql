SELECT count() AS n FROM system.databases WHERE name = {str:database}
