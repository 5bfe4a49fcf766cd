WITH sheet AS (
  SELECT r.proposal_id, r.id, sum(k.weight * (m.value ->> 'score')::bigint) AS points,
    json_agg(json_build_object('criterion', json_build_object('id', k.id), 'score', (m.value ->> 'score')::numeric / 100, 'reason', m.value -> 'reason')
      ORDER BY k.position) AS marks
  FROM challenge c
  JOIN review r ON r.challenge_id = c.id AND r.status = 'LOCKED'
  CROSS JOIN LATERAL json_each(r.sheet) m
  JOIN criterion k ON k.id = m.key::uuid
  WHERE c.slug = $1
  GROUP BY r.proposal_id, r.id
), ranked AS (
  SELECT proposal_id, rank() OVER (ORDER BY avg(points) DESC) AS rank, avg(points) / 1000 AS mean,
    json_agg(json_build_object('total', round(points / 1000, 4)::text, 'review', json_build_object('id', id, 'marks', marks)) ORDER BY id) AS sheets
  FROM sheet
  GROUP BY proposal_id
)
SELECT json_build_object('entries', json_agg(json_build_object(
    'rank', ranked.rank, 'meanScore', round(ranked.mean, 4)::text, 'isPassing', ranked.mean >= 70,
    'proposal', json_build_object('id', p.id, 'title', v.content::json -> 'title'),
    'sheets', ranked.sheets
  ) ORDER BY ranked.mean DESC, p.id))::text
FROM ranked
JOIN proposal p ON p.id = ranked.proposal_id AND p.status IN ('EVALUATED', 'SELECTED', 'RESERVE', 'NOT_SELECTED')
JOIN proposal_version v ON v.proposal_id = p.id AND v.number = p.current_version
