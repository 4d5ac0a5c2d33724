SELECT engine FROM system.tables WHERE database = {str:database} AND name = {str:table}
