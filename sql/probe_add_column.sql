ALTER TABLE {id:table} ADD COLUMN IF NOT EXISTS {id:column} UInt8
