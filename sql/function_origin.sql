SELECT toString(origin) AS origin FROM system.functions WHERE name = {str:name} OR lower(name) = lower({str:name})
