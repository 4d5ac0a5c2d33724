-- migrate:requires 0003
-- migrate:up
ALTER TABLE a.e ADD COLUMN IF NOT EXISTS r LowCardinality(String) DEFAULT region_v1(u) AFTER u;
ALTER TABLE a.e MATERIALIZE COLUMN r;
-- migrate:down
ALTER TABLE a.e DROP COLUMN IF EXISTS r;
