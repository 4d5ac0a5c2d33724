SELECT name, free_space
FROM system.disks
WHERE name IN (
    SELECT disk_name FROM system.parts WHERE database = {str:database} AND table = {str:table} AND active
)
ORDER BY free_space
LIMIT 1
