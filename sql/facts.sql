SELECT concat(table, '.', name) AS known
FROM system.columns
WHERE database = 'system'
  AND table IN ('mutations', 'merges', 'functions', 'user_defined_functions', 'query_log', 'processes',
                'disks', 'zookeeper', 'replicas', 'tables')
UNION ALL
SELECT concat('table_functions.', name) AS known FROM system.table_functions WHERE name = 'clusterAllReplicas'
