SELECT queue_size, absolute_delay FROM system.replicas WHERE database = {str:database} AND table = {str:table}
