SELECT count() FROM {id:database}.{id:table}
