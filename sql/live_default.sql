SELECT default_expression
FROM system.columns
WHERE database = {str:database} AND table = {str:table} AND name = 'region'
