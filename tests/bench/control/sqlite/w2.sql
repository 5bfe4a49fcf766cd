SELECT json_object('nodes', json_group_array(json_object(
    'id', hex(c.id), 'slug', c.slug, 'status', c.status, 'closesAt', c.closes_at,
    'title', json_object('text', c.title_vi), 'summary', json_object('text', c.summary_vi),
    'agency', json_object('id', hex(o.id), 'slug', o.slug, 'name', json_object('text', o.name_vi)))))
FROM (SELECT rowid FROM control_search WHERE control_search MATCH $1 ORDER BY rank LIMIT 20) hit
CROSS JOIN challenge c ON c.rowid = hit.rowid
CROSS JOIN organization o ON o.id = c.agency_id
