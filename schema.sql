-- Written by livecol dump: the tables as the migrations left them.

CREATE TABLE applied.events (`user_id` String, `n` UInt64, `region` LowCardinality(String) DEFAULT region_v1(user_id)) ENGINE = MergeTree PARTITION BY n % 3 ORDER BY n SETTINGS index_granularity = 8192;
