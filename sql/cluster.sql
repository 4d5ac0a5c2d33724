-- SPDX-License-Identifier: Apache-2.0
-- A cluster: its hosts, their tables, and Keeper's nodes.

-- :name cluster_names () -> sealed: cluster
SELECT DISTINCT cluster FROM system.clusters ORDER BY cluster;

-- :name cluster_hosts (cluster) -> sealed: shard_num uint, host_name, port uint, user
SELECT shard_num, host_name, port, user
FROM system.clusters
WHERE cluster = {str:cluster}
ORDER BY shard_num, replica_num;

-- :name clusters_of_host (host) -> sealed: cluster
SELECT DISTINCT cluster
FROM system.clusters
WHERE concat(host_name, ':', toString(port)) = {str:host} OR concat(host_address, ':', toString(port)) = {str:host}
ORDER BY cluster;

-- :name cluster_local (cluster) -> sealed one row: n uint
SELECT count() AS n FROM system.clusters WHERE cluster = {str:cluster} AND is_local;

-- :name host_greet () -> one row: version, n uint
SELECT version() AS version, count() AS n FROM system.one;

-- :name macros () -> sealed: macro, substitution
SELECT macro, substitution FROM system.macros;

-- :name all_tables () -> sealed: database, name, engine, create_table_query
SELECT database, name, engine, create_table_query
FROM system.tables
WHERE engine IN ('View', 'MaterializedView', 'LiveView', 'WindowView', 'Merge', 'Buffer', 'Distributed')
  AND database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema')
ORDER BY database, name;

-- :name table_keeper_path (database, table) -> sealed at most one row: zookeeper_path,
--     total_replicas uint, active_replicas uint
SELECT zookeeper_path, total_replicas, active_replicas
FROM system.replicas
WHERE database = {str:database} AND table = {str:table};

-- :name keeper_children (path) -> sealed: name, value, made_s uint, changed_s uint, now_s uint, made_utc
SELECT name, value, toUnixTimestamp(ctime) AS made_s, toUnixTimestamp(mtime) AS changed_s,
    toUnixTimestamp(now()) AS now_s, toString(ctime, 'UTC') AS made_utc
FROM system.zookeeper
WHERE path = {str:path}
ORDER BY name;

-- :name sync_replica (database, table)
SYSTEM SYNC REPLICA {id:database}.{id:table};

-- :name drop_on_cluster (database, table, cluster)
DROP TABLE IF EXISTS {id:database}.{id:table} ON CLUSTER {id:cluster};
