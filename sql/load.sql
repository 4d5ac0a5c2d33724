SELECT
    (SELECT count() FROM system.parts WHERE database = {str:database} AND table = {str:table} AND active) AS parts,
    (SELECT count() FROM system.mutations WHERE is_done = 0) AS mutations,
    (SELECT countIf(is_mutation = 0) FROM system.merges) AS merges,
    (SELECT count() FROM system.processes) AS queries
