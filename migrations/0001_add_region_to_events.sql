-- region: where a user belongs, derived from user_id by the function region_v1 (config/region.csv).
--
-- The column appears at once; rows from before are answered by the function until the second
-- statement has stored their value. INSERTs that name their columns go on without a change.

-- migrate:up
ALTER TABLE analytics.events
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) DEFAULT region_v1(user_id) AFTER user_id;

ALTER TABLE analytics.events MATERIALIZE COLUMN region;

-- migrate:down
ALTER TABLE analytics.events DROP COLUMN IF EXISTS region;
