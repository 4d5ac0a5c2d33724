SELECT count() AS n, countIf(ifNull(toString(a) = '', 1)) AS empties, uniqExact(a) AS different
FROM (
    SELECT {id:function}(CAST(concat({str:prefix}, toString(number)), {str:type})) AS a
    FROM (SELECT number FROM system.numbers LIMIT 1000)
)
