SELECT p.database AS database, p.table AS table, p.id AS id, p.n AS n, s.slow AS slow, s.fail AS fail
FROM
(
    SELECT database, table, substring(name, 1, position(name, '_') - 1) AS id, count() AS n
    FROM system.parts
    WHERE active
    GROUP BY database, table, id
    ORDER BY n DESC
    LIMIT 1 BY database, table
) AS p
INNER JOIN
(
    SELECT database, name AS table,
        toUInt64OrZero(extract(engine_full, 'parts_to_delay_insert = ([0-9]+)')) AS slow,
        toUInt64OrZero(extract(engine_full, 'parts_to_throw_insert = ([0-9]+)')) AS fail
    FROM system.tables
    WHERE position(engine_full, 'parts_to_') > 0
) AS s ON p.database = s.database AND p.table = s.table
ORDER BY database, table
