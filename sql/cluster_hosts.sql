SELECT shard_num, host_name, port, user
FROM system.clusters
WHERE cluster = {str:cluster}
ORDER BY shard_num, replica_num
