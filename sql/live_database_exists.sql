SELECT count() FROM system.databases WHERE name = {str:database}
