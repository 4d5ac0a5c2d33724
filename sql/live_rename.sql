RENAME TABLE {id:database}.{id:table} TO {id:database}.{id:to}
