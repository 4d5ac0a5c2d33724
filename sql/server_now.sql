SELECT toUnixTimestamp(now()) AS now_s
