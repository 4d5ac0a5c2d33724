SYSTEM SYNC REPLICA {id:database}.{id:table}
