SELECT name, toUInt64(value) AS value
FROM system.merge_tree_settings
WHERE name IN ('number_of_mutations_to_delay', 'number_of_mutations_to_throw', 'parts_to_delay_insert',
               'parts_to_throw_insert')
