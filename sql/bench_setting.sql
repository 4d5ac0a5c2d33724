SELECT value FROM system.settings WHERE name = {str:name}
