SELECT json_build_object('nodes', coalesce(json_agg(json_build_object(
    'id', c.id, 'slug', c.slug, 'status', c.status, 'opensAt', c.opens_at, 'closesAt', c.closes_at,
    'proposalCount', CASE WHEN c.shows_proposal_count THEN
      (SELECT count(*) FROM proposal p WHERE p.challenge_id = c.id AND p.status NOT IN ('DRAFT', 'WITHDRAWN')) END,
    'title', json_build_object('text', c.title_vi), 'summary', json_build_object('text', c.summary_vi),
    'sector', json_build_object('code', c.sector),
    'agency', json_build_object('id', o.id, 'slug', o.slug, 'name', json_build_object('text', o.name_vi))
  ) ORDER BY c.deadline_key, c.id), '[]'))::text
FROM (SELECT * FROM challenge WHERE is_public AND (deadline_key, id) > ($1, $2::uuid) ORDER BY deadline_key, id LIMIT $3) c
JOIN organization o ON o.id = c.agency_id
