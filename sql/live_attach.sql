ALTER TABLE {id:database}.{id:table} ATTACH PARTITION ID {str:partition} FROM {id:database}.{id:from}
