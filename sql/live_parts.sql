SELECT count(), sum(rows), sum(bytes_on_disk)
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active
