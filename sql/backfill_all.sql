ALTER TABLE {id:database}.{id:table} MATERIALIZE COLUMN {id:column}
