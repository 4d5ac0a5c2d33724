SELECT type, default_kind, default_expression,
    is_in_partition_key OR is_in_sorting_key OR is_in_primary_key OR is_in_sampling_key AS in_key
FROM system.columns
WHERE database = {str:database} AND table = {str:table} AND name = {str:column}
