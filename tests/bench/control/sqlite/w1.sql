SELECT json_object(
  'totalCount', (SELECT count(*) FROM challenge WHERE is_public = 1 AND status = 'PUBLISHED' AND sector = $1),
  'nodes', json_group_array(json_object(
    'id', hex(c.id), 'slug', c.slug, 'status', c.status, 'opensAt', c.opens_at, 'closesAt', c.closes_at,
    'proposalCount', CASE WHEN c.shows_proposal_count THEN
      (SELECT count(*) FROM proposal p WHERE p.challenge_id = c.id AND p.status NOT IN ('DRAFT', 'WITHDRAWN')) END,
    'title', json_object('text', c.title_vi), 'summary', json_object('text', c.summary_vi),
    'sector', json_object('code', c.sector),
    'agency', json_object('id', hex(o.id), 'slug', o.slug, 'name', json_object('text', o.name_vi)))))
FROM (SELECT * FROM challenge WHERE is_public = 1 AND status = 'PUBLISHED' AND sector = $1 ORDER BY deadline_key, id LIMIT 20) c
CROSS JOIN organization o ON o.id = c.agency_id
