SELECT version() AS version, currentDatabase() AS database
