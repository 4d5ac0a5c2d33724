DROP TABLE {id:database}.{id:table}
