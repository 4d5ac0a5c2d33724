ALTER TABLE {id:database}.{id:table} MATERIALIZE COLUMN {id:column} IN PARTITION ID {str:partition}
