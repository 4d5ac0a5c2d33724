SELECT name, value, toUnixTimestamp(ctime) AS made_s, toUnixTimestamp(mtime) AS changed_s,
    toUnixTimestamp(now()) AS now_s, toString(ctime, 'UTC') AS made_utc
FROM system.zookeeper
WHERE path = {str:path}
ORDER BY name
