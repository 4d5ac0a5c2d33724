SELECT event_id, user_id FROM {id:database}.{id:table} LIMIT 10
