SELECT name, type, is_in_primary_key
FROM system.columns
WHERE database = {str:database} AND table = {str:table}
ORDER BY name
