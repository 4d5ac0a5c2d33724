ALTER TABLE {id:table} MATERIALIZE COLUMN {id:column}
