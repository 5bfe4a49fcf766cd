SELECT json_object(
  'id', hex(c.id), 'slug', c.slug, 'status', c.status, 'opensAt', c.opens_at, 'closesAt', c.closes_at, 'publishedAt', c.published_at,
  'proposalCount', CASE WHEN c.shows_proposal_count THEN
    (SELECT count(*) FROM proposal p WHERE p.challenge_id = c.id AND p.status NOT IN ('DRAFT', 'WITHDRAWN')) END,
  'sourceUrl', c.source_url,
  'title', json_object('text', c.title_vi), 'summary', json_object('text', c.summary_vi),
  'sector', json_object('code', c.sector),
  'agency', json_object('id', hex(o.id), 'slug', o.slug, 'name', json_object('text', o.name_vi)),
  'publication', json(c.publication),
  'sections', (SELECT json_group_array(json_object('kind', s.key, 'text', json_object('text', s.value ->> 'vi'))) FROM json_each(c.brief) s),
  'rubric', json_object(
    'scale', c.rubric ->> 'scale', 'passMark', c.rubric ->> 'pass_mark', 'isBlind', c.is_blind,
    'criteria', (SELECT json_group_array(json_object(
        'id', hex(k.id), 'weight', k.weight, 'isReasonRequired', k.reason_required, 'name', json_object('text', k.name_vi)
      )) FROM (SELECT * FROM criterion WHERE challenge_id = c.id ORDER BY position) k)),
  'indicators', (SELECT json_group_array(json_object(
      'id', hex(i.id), 'baseline', i.baseline, 'baselineDate', i.baseline_on, 'target', i.target,
      'name', json_object('text', i.name_vi), 'unit', json_object('text', i.unit_vi), 'source', json_object('text', i.source_vi)
    )) FROM (SELECT * FROM indicator WHERE challenge_id = c.id ORDER BY position) i))
FROM challenge c
JOIN organization o ON o.id = c.agency_id
WHERE c.slug = $1 AND c.is_public = 1
