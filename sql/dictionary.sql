SELECT database, name, startsWith(type, 'ComplexKey') AS complex, toString(attribute.names) AS attributes,
    has(attribute.names, {str:attribute}) AS has_it
FROM system.dictionaries
WHERE name = {str:name} AND database IN ({str:database}, '')
ORDER BY database DESC
LIMIT 1
