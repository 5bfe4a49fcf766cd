WITH saved AS (
  UPDATE review
  SET status = 'IN_PROGRESS', sheet = $3::json, comment = $4, version = version + 1, updated_at = (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
  WHERE id = $1::uuid AND version = $2 AND status IN ('ACCEPTED', 'IN_PROGRESS')
    AND EXISTS (SELECT 1 FROM challenge c WHERE c.id = review.challenge_id AND c.status = 'EVALUATION' AND c.round_locked_at IS NULL)
  RETURNING id, challenge_id, proposal_id, user_id, version, updated_at AS now
), told AS (
  SELECT saved.*, json_build_object('kind', 'sheet_saved', 'challenge', challenge_id, 'proposal', proposal_id, 'review', id,
    'facts', json_build_object('version', version))::text AS payload
  FROM saved
), head AS (
  UPDATE audit_head SET seq = seq + 1, hash = encode(sha256(convert_to(hash || told.payload, 'UTF8')), 'hex')
  FROM told WHERE audit_head.id = 1
  RETURNING audit_head.seq, audit_head.hash
), entry AS (
  INSERT INTO audit_entry (seq, at, actor, action, object_kind, object_id, detail, request_id, address, hash)
  SELECT seq, now, user_id, 'sheet_saved', 'review', id::text, payload, gen_random_uuid()::text, '127.0.0.1', hash FROM told, head
), happened AS (
  INSERT INTO event (seq, kind, at, payload) SELECT seq, 'sheet_saved', now, payload FROM told, head
)
SELECT json_build_object('id', id, 'status', 'IN_PROGRESS', 'version', version)::text FROM saved
