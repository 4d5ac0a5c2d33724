SELECT min(free_space) AS free FROM system.disks
