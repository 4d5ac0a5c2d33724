ALTER TABLE analytics.events DROP COLUMN region;
