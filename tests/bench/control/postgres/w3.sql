SELECT json_build_object(
  'id', c.id, 'slug', c.slug, 'status', c.status, 'opensAt', c.opens_at, 'closesAt', c.closes_at, 'publishedAt', c.published_at,
  'proposalCount', CASE WHEN c.shows_proposal_count THEN
    (SELECT count(*) FROM proposal p WHERE p.challenge_id = c.id AND p.status NOT IN ('DRAFT', 'WITHDRAWN')) END,
  'sourceUrl', c.source_url,
  'title', json_build_object('text', c.title_vi), 'summary', json_build_object('text', c.summary_vi),
  'sector', json_build_object('code', c.sector),
  'agency', json_build_object('id', o.id, 'slug', o.slug, 'name', json_build_object('text', o.name_vi)),
  'publication', c.publication,
  'sections', (SELECT json_agg(json_build_object('kind', s.key, 'text', json_build_object('text', s.value -> 'vi'))) FROM json_each(c.brief) s),
  'rubric', json_build_object(
    'scale', c.rubric -> 'scale', 'passMark', c.rubric -> 'pass_mark', 'isBlind', c.is_blind,
    'criteria', (SELECT json_agg(json_build_object(
        'id', k.id, 'weight', k.weight, 'isReasonRequired', k.reason_required, 'name', json_build_object('text', k.name_vi)
      ) ORDER BY k.position) FROM criterion k WHERE k.challenge_id = c.id)),
  'indicators', (SELECT json_agg(json_build_object(
      'id', i.id, 'baseline', i.baseline, 'baselineDate', i.baseline_on, 'target', i.target,
      'name', json_build_object('text', i.name_vi), 'unit', json_build_object('text', i.unit_vi), 'source', json_build_object('text', i.source_vi)
    ) ORDER BY i.position) FROM indicator i WHERE i.challenge_id = c.id)
)::text
FROM challenge c
JOIN organization o ON o.id = c.agency_id
WHERE c.slug = $1 AND c.is_public
