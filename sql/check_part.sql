CHECK TABLE {id:database}.{id:table} PART {str:part}
