SELECT zookeeper_path, total_replicas, active_replicas
FROM system.replicas
WHERE database = {str:database} AND table = {str:table}
