SELECT toTypeName(CAST([], {str:array_of})) AS type
