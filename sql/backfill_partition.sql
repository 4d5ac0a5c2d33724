MATERIALIZE COLUMN {id:column} IN PARTITION ID {str:partition}
