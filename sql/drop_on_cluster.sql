DROP TABLE IF EXISTS {id:database}.{id:table} ON CLUSTER {id:cluster}
