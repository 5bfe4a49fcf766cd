WITH draft AS (
  SELECT p.id, p.challenge_id, p.organization_id, p.current_version + 1 AS number, d.content,
    encode(sha256(convert_to(d.content, 'UTF8')), 'hex') AS sha256,
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now, $2::uuid AS actor
  FROM proposal p
  JOIN proposal_draft d ON d.proposal_id = p.id
  JOIN challenge c ON c.id = p.challenge_id
  WHERE p.id = $1::uuid AND c.status = 'PUBLISHED' AND c.closes_at > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
  FOR UPDATE OF p
), version AS (
  INSERT INTO proposal_version (id, proposal_id, number, content, sha256, submitted_at, submitted_by)
  SELECT gen_random_uuid(), id, number, content, sha256, now, actor FROM draft
), change AS (
  UPDATE proposal p
  SET status = 'SUBMITTED', current_version = draft.number, submitted_at = draft.now, updated_at = draft.now, version = p.version + 1
  FROM draft WHERE p.id = draft.id
), told AS (
  SELECT draft.*, json_build_object('kind', 'proposal_submitted', 'challenge', challenge_id, 'proposal', id,
    'facts', json_build_object('from', 'DRAFT', 'number', number, 'sha256', sha256, 'to', 'SUBMITTED'))::text AS payload
  FROM draft
), head AS (
  UPDATE audit_head SET seq = seq + 1, hash = encode(sha256(convert_to(hash || told.payload, 'UTF8')), 'hex')
  FROM told WHERE audit_head.id = 1
  RETURNING audit_head.seq, audit_head.hash
), entry AS (
  INSERT INTO audit_entry (seq, at, actor, action, object_kind, object_id, detail, request_id, address, hash)
  SELECT seq, now, actor, 'proposal_submitted', 'proposal', id::text, payload, gen_random_uuid()::text, '127.0.0.1', hash FROM told, head
), happened AS (
  INSERT INTO event (seq, kind, at, payload) SELECT seq, 'proposal_submitted', now, payload FROM told, head
), mail AS (
  INSERT INTO message (id, event_seq, kind, user_id, status, attempt, due_at, fence, created_at)
  SELECT gen_random_uuid(), seq, 'proposal_submitted', m.user_id, 'QUEUED', 0, now, 0, now
  FROM told
  CROSS JOIN head
  JOIN membership m ON m.organization_id = told.organization_id AND m.ended_at IS NULL
)
SELECT json_build_object('id', id, 'status', 'SUBMITTED', 'receipt', json_build_object('number', number, 'sha256', sha256, 'submittedAt', now))::text FROM draft
