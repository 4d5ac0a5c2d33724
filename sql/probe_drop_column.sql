ALTER TABLE {id:table} DROP COLUMN IF EXISTS {id:column}
