SELECT name FROM system.settings ORDER BY name
