SELECT version() AS version, count() AS n FROM system.one
