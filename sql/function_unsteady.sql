SELECT name FROM system.functions
WHERE origin = 'System' AND deterministic = 0 AND NOT startsWith(lower(name), 'dictget')
  AND (name = {str:name} OR lower(name) = lower({str:name}))
