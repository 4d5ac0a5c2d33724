SELECT engine, partition_key FROM system.tables WHERE database = {str:database} AND name = {str:table}
