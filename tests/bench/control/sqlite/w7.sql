BEGIN IMMEDIATE;
UPDATE review
SET status = 'IN_PROGRESS', sheet = $3, comment = $4, version = version + 1, updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000
WHERE id = unhex(replace($1, '-', '')) AND version = $2 AND status IN ('ACCEPTED', 'IN_PROGRESS')
  AND EXISTS (SELECT 1 FROM challenge c WHERE c.id = review.challenge_id AND c.status = 'EVALUATION' AND c.round_locked_at IS NULL);
UPDATE audit_head SET seq = seq + 1, hash = lower(hex(randomblob(32))) WHERE id = 1;
INSERT INTO audit_entry (seq, at, actor, action, object_kind, object_id, detail, request_id, address, hash)
SELECT h.seq, r.updated_at, r.user_id, 'sheet_saved', 'review', $1,
  json_object('kind', 'sheet_saved', 'challenge', hex(r.challenge_id), 'proposal', hex(r.proposal_id), 'review', $1, 'facts', json_object('version', r.version)),
  lower(hex(randomblob(18))), '127.0.0.1', h.hash
FROM audit_head h
CROSS JOIN review r ON r.id = unhex(replace($1, '-', ''))
WHERE h.id = 1;
INSERT INTO event (seq, kind, at, payload) SELECT e.seq, e.action, e.at, e.detail FROM audit_head h CROSS JOIN audit_entry e ON e.seq = h.seq;
SELECT json_object('id', $1, 'status', status, 'version', version) FROM review WHERE id = unhex(replace($1, '-', '')) AND version = $2 + 1;
COMMIT
