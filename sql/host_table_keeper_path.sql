SELECT zookeeper_path, total_replicas, active_replicas
FROM remote({str:host}, system.replicas, {str:user})
WHERE database = {str:database} AND table = {str:table}
