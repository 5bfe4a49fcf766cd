BEGIN IMMEDIATE;
INSERT INTO proposal_version (id, proposal_id, number, content, sha256, submitted_at, submitted_by)
SELECT randomblob(16), p.id, p.current_version + 1, d.content, lower(hex(randomblob(32))), CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000, unhex(replace($2, '-', ''))
FROM proposal p
CROSS JOIN proposal_draft d ON d.proposal_id = p.id
CROSS JOIN challenge c ON c.id = p.challenge_id
WHERE p.id = unhex(replace($1, '-', '')) AND c.status = 'PUBLISHED' AND c.closes_at > CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000;
UPDATE proposal
SET status = 'SUBMITTED', current_version = current_version + 1, submitted_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000, updated_at = CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000,
  version = version + 1
WHERE id = unhex(replace($1, '-', ''));
UPDATE audit_head SET seq = seq + 1, hash = lower(hex(randomblob(32))) WHERE id = 1;
INSERT INTO audit_entry (seq, at, actor, action, object_kind, object_id, detail, request_id, address, hash)
SELECT h.seq, v.submitted_at, v.submitted_by, 'proposal_submitted', 'proposal', $1,
  json_object('kind', 'proposal_submitted', 'challenge', hex(p.challenge_id), 'proposal', $1,
    'facts', json_object('from', 'DRAFT', 'number', v.number, 'sha256', v.sha256, 'to', 'SUBMITTED')),
  lower(hex(randomblob(18))), '127.0.0.1', h.hash
FROM audit_head h
CROSS JOIN proposal p ON p.id = unhex(replace($1, '-', ''))
CROSS JOIN proposal_version v ON v.proposal_id = p.id AND v.number = p.current_version
WHERE h.id = 1;
INSERT INTO event (seq, kind, at, payload) SELECT e.seq, e.action, e.at, e.detail FROM audit_head h CROSS JOIN audit_entry e ON e.seq = h.seq;
INSERT INTO message (id, event_seq, kind, user_id, status, attempt, due_at, fence, created_at)
SELECT randomblob(16), h.seq, 'proposal_submitted', m.user_id, 'QUEUED', 0, CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000, 0, CAST(unixepoch('subsec') * 1000 AS INTEGER) * 1000
FROM audit_head h
CROSS JOIN proposal p ON p.id = unhex(replace($1, '-', ''))
CROSS JOIN membership m ON m.organization_id = p.organization_id AND m.ended_at IS NULL;
SELECT json_object('id', $1, 'status', p.status, 'receipt', json_object('number', v.number, 'sha256', v.sha256, 'submittedAt', v.submitted_at))
FROM proposal p
CROSS JOIN proposal_version v ON v.proposal_id = p.id AND v.number = p.current_version
WHERE p.id = unhex(replace($1, '-', ''));
COMMIT
