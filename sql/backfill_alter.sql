ALTER TABLE {id:database}.{id:table}
