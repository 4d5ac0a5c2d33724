-- region: where a user belongs, derived from user_id by the dictionary region_v1 (config/region.csv).
-- For servers that have no executable functions and no MATERIALIZE COLUMN. Install the dictionary
-- first: livecol config install --target 18.16.
--
-- The column appears at once; rows from before are answered by the dictionary until the second
-- statement has stored what they are to have: the value of the DEFAULT. INSERTs that name their
-- columns go on without a change.
ALTER TABLE analytics.events
    ADD COLUMN region String DEFAULT dictGetString('region_v1', 'region', tuple(user_id)) AFTER user_id;

ALTER TABLE analytics.events UPDATE region = region WHERE 1;
