SELECT count() AS n FROM remote({str:host}, system.functions, {str:user}) WHERE name = {str:name}
