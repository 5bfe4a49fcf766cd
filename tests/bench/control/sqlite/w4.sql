WITH mark AS MATERIALIZED (
  SELECT r.proposal_id, r.id, k.id AS criterion_id, k.weight, m.value ->> 'score' AS score, m.value ->> 'reason' AS reason
  FROM challenge c
  CROSS JOIN review r ON r.challenge_id = c.id AND r.status = 'LOCKED'
  CROSS JOIN json_each(r.sheet) m
  CROSS JOIN criterion k ON k.id = unhex(replace(m.key, '-', ''))
  WHERE c.slug = $1
  ORDER BY r.proposal_id, r.id, k.position
), sheet AS (
  SELECT proposal_id, id, sum(weight * score) AS points,
    json_group_array(json_object('criterion', json_object('id', hex(criterion_id)), 'score', format('%.2f', score / 100.0), 'reason', reason)) AS marks
  FROM mark
  GROUP BY proposal_id, id
), ranked AS (
  SELECT proposal_id, rank() OVER (ORDER BY avg(points) DESC) AS rank, avg(points) / 1000 AS mean,
    json_group_array(json_object('total', format('%.4f', points / 1000.0), 'review', json_object('id', hex(id), 'marks', json(marks)))) AS sheets
  FROM sheet
  GROUP BY proposal_id
)
SELECT json_object('entries', json_group_array(json_object(
    'rank', rank, 'meanScore', format('%.4f', mean), 'isPassing', mean >= 70,
    'proposal', json_object('id', hex(id), 'title', content ->> 'title'), 'sheets', json(sheets))))
FROM (
  SELECT ranked.*, p.id, v.content
  FROM ranked
  CROSS JOIN proposal p ON p.id = ranked.proposal_id AND p.status IN ('EVALUATED', 'SELECTED', 'RESERVE', 'NOT_SELECTED')
  CROSS JOIN proposal_version v ON v.proposal_id = p.id AND v.number = p.current_version
  ORDER BY ranked.mean DESC, p.id
)
