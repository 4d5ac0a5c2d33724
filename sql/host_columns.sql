SELECT name, type, default_kind, default_expression
FROM remote({str:host}, system.columns, {str:user})
WHERE database = {str:database} AND table = {str:table}
