-- SPDX-License-Identifier: Apache-2.0
-- The backfill: which parts lack a column, and what the table can bear.

-- :name backfill_table (database, table) -> sealed at most one row: partition_key
SELECT partition_key FROM system.tables WHERE database = {str:database} AND name = {str:table};

-- :name backfill_left (database, table, column) -> sealed: id, partition_text, parts uint,
--     all_rows uint, bytes uint, largest_bytes uint, largest_rows uint, granules uint,
--     compact_bytes uint
SELECT id, any(text) AS partition_text, count() AS parts, sum(part_rows) AS all_rows, sum(part_bytes) AS bytes,
    max(part_bytes) AS largest_bytes, max(part_rows) AS largest_rows, sum(part_marks) AS granules,
    sumIf(part_bytes, kind = 'Compact') AS compact_bytes
FROM (
    SELECT name, any(partition_id) AS id, any(partition) AS text, any(rows) AS part_rows,
        any(bytes_on_disk) AS part_bytes, any(marks) AS part_marks, any(part_type) AS kind
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND active AND rows > 0 AND name NOT LIKE 'patch-%'
    GROUP BY name
    HAVING countIf(column = {str:column}) = 0
)
GROUP BY id
ORDER BY id;

-- A part that is written between the two reads is named though it may have the column: applied once more, never missed.
-- :name backfill_patched (database, table, column) -> sealed: id
SELECT DISTINCT p.partition_id AS id
FROM system.parts AS p
INNER JOIN (
    SELECT substring(partition_id, 40) AS id, max(max_block_number) AS last_block
    FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND column = {str:column} AND active
      AND partition_id LIKE 'patch-%'
    GROUP BY id
) AS u ON u.id = p.partition_id
WHERE p.database = {str:database} AND p.table = {str:table} AND p.active AND p.rows > 0
  AND p.data_version < u.last_block
  AND p.name NOT IN (
    SELECT name FROM system.parts_columns
    WHERE database = {str:database} AND table = {str:table} AND column = {str:column} AND active)
ORDER BY id;

-- :name backfill_merges (database, table) -> sealed one row: rows uint, parts uint
SELECT sum(rows_read) AS rows, count() AS parts
FROM system.merges
WHERE database = {str:database} AND table = {str:table} AND is_mutation;

-- :name backfill_written (database, table, since) -> sealed: name, partition_id
SELECT name, partition_id
FROM system.parts
WHERE database = {str:database} AND table = {str:table} AND active AND rows > 0
    AND toUInt64(toUInt32(modification_time)) >= toUInt64({str:since})
ORDER BY name;

-- :name backfill_disk (database, table) -> sealed at most one row: name, free_space uint
SELECT name, free_space
FROM system.disks
WHERE name IN (
    SELECT disk_name FROM system.parts WHERE database = {str:database} AND table = {str:table} AND active
)
ORDER BY free_space
LIMIT 1;

-- :name check_part (database, table, part) -> anything
CHECK TABLE {id:database}.{id:table} PART {str:part};

-- :name backfill_alter (database, table)
ALTER TABLE {id:database}.{id:table};

-- :name backfill_whole (column)
MATERIALIZE COLUMN {id:column};

-- :name backfill_partition (column, partition)
MATERIALIZE COLUMN {id:column} IN PARTITION ID {str:partition};

-- :name backfill_apply (partition)
APPLY PATCHES IN PARTITION ID {str:partition};

-- :name backfill_kill (database, table, id)
KILL MUTATION WHERE database = {str:database} AND table = {str:table} AND mutation_id = {str:id};

-- :name load (database, table) -> sealed one row: parts uint, mutations uint, merges uint, queries uint
SELECT
    (SELECT count() FROM system.parts WHERE database = {str:database} AND table = {str:table} AND active) AS parts,
    (SELECT count() FROM system.mutations WHERE is_done = 0) AS mutations,
    (SELECT countIf(is_mutation = 0) FROM system.merges) AS merges,
    (SELECT count() FROM system.processes) AS queries;

-- :name load_replica (database, table) -> sealed at most one row: queue_size uint, absolute_delay uint
SELECT queue_size, absolute_delay FROM system.replicas WHERE database = {str:database} AND table = {str:table};
