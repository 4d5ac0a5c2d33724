INSERT INTO {id:database}.{id:table} (event_id, event_ts, event_type, user_id) VALUES
    ('e1', '2026-01-01 00:00:00', 'view', 'u1_001'),
    ('e2', '2026-01-01 00:00:01', 'click', 'u1_002'),
    ('e3', '2026-01-01 00:00:02', 'view', 'u2_001'),
    ('e4', '2026-01-01 00:00:03', 'purchase', 'u1_003'),
    ('e5', '2026-01-01 00:00:04', 'view', 'u3_001')
