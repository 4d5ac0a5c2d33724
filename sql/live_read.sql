SELECT event_id, region FROM {id:database}.{id:table} LIMIT 10
