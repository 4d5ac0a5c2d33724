DROP TABLE IF EXISTS {id:database}.{id:table}
