SELECT json_build_object('nodes', coalesce(json_agg(json_build_object(
    'id', c.id, 'slug', c.slug, 'status', c.status, 'closesAt', c.closes_at,
    'title', json_build_object('text', c.title_vi), 'summary', json_build_object('text', c.summary_vi),
    'agency', json_build_object('id', o.id, 'slug', o.slug, 'name', json_build_object('text', o.name_vi))
  ) ORDER BY hit.rank DESC, c.id), '[]'))::text
FROM (
  SELECT s.id, ts_rank(s.words, query) AS rank
  FROM control_search s, plainto_tsquery('simple', $1) query
  WHERE s.words @@ query
  ORDER BY rank DESC, s.id
  LIMIT 20
) hit
JOIN challenge c ON c.id = hit.id
JOIN organization o ON o.id = c.agency_id
