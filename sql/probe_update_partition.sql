ALTER TABLE {id:table} UPDATE {id:column} = 1 IN PARTITION ID 'all' WHERE 1
