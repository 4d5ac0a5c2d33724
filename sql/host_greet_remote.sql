SELECT version() AS version, count() AS n FROM remote({str:host}, system.one, {str:user})
