KILL MUTATION WHERE database = {str:database} AND table = {str:table} AND mutation_id = {str:id}
