SELECT d.name AS name, d.free_space AS free, d.total_space AS total, p.largest AS largest
FROM system.disks AS d
LEFT JOIN (
    SELECT disk_name, max(bytes_on_disk) AS largest FROM system.parts WHERE active GROUP BY disk_name
) AS p ON p.disk_name = d.name
ORDER BY name
