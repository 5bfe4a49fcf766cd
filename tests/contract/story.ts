// A front end's first afternoon: a founder finds a problem, drafts an answer, watches it change and is told what is wrong with
// it, by clients and types that know nothing but schema.graphql. Usage: story.js URL PASSWORD-OF-THE-DEMO
import assert from 'node:assert/strict';
import { print } from 'graphql';
import { ClientError, GraphQLClient } from 'graphql-request';
import { createClient, type FormattedExecutionResult } from 'graphql-ws';
import WebSocket from 'ws';
import { graphql } from './generated/gql.js';
import type { PageOfChallengesQuery, ProposalUpdatesSubscription } from './generated/graphql.js';

const [url, password] = process.argv.slice(2);
assert(url && password);
const visitor = new GraphQLClient(url);

const logIn = graphql(`
  mutation LogIn($email: String!, $password: String!) {
    logIn(input: { email: $email, password: $password }) {
      tokens { accessToken }
      userErrors { code message }
    }
  }
`);

const pageOfChallenges = graphql(`
  query PageOfChallenges($first: Int, $after: String, $last: Int, $before: String) {
    challenges(first: $first, after: $after, last: $last, before: $before) {
      totalCount
      nodes { id slug title { text locale } window closesAt timeZone }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

const challengeBySlug = graphql(`
  query ChallengeBySlug($slug: String!) {
    challenge(by: { slug: $slug }) {
      id
      title { text }
      viewerBids { organization { id } draft { isAllowed reasons } }
    }
  }
`);

const createProposal = graphql(`
  mutation CreateProposal($input: CreateProposalInput!) {
    createProposal(input: $input) {
      proposal { id version status draft { title } }
      userErrors { code field message }
    }
  }
`);

const updateProposal = graphql(`
  mutation UpdateProposal($input: UpdateProposalInput!) {
    updateProposal(input: $input) {
      proposal { id version }
      userErrors {
        __typename
        code
        field
        message
        ... on StaleVersionError { currentVersion }
        ... on LimitUserError { limit }
      }
    }
  }
`);

const createUpload = graphql(`
  mutation CreateUpload($input: CreateUploadInput!) {
    createUpload(input: $input) {
      attachment { id status }
      upload { url method headers { name value } expiresAt }
      userErrors { code field message }
    }
  }
`);

const completeUpload = graphql(`
  mutation CompleteUpload($input: CompleteUploadInput!) {
    completeUpload(input: $input) {
      attachment { id name kind mediaType size status refusal sha256 downloadUrl }
      userErrors { code field message }
    }
  }
`);

const approveChallenge = graphql(`
  mutation ApproveChallenge($input: ApproveChallengeInput!) {
    approveChallenge(input: $input) {
      challenge { id }
      userErrors { code }
    }
  }
`);

const proposalUpdates = graphql(`
  subscription ProposalUpdates($id: ID!, $after: String) {
    proposalUpdated(id: $id, after: $after) {
      step
      cursor
      proposal { id version }
    }
  }
`);

const personal = graphql(`
  query Personal($id: ID!) {
    viewer { displayName }
    node(id: $id) { __typename id ... on Proposal { title version } }
  }
`);

const tokens = new Map<GraphQLClient, string>();

async function signedIn(email: string): Promise<GraphQLClient> {
  const { logIn: answer } = await visitor.request(logIn, { email, password: password ?? '' });
  assert.deepEqual(answer?.userErrors, []);
  const token = answer?.tokens?.accessToken;
  assert(token);
  const client = new GraphQLClient(url ?? '', { headers: { authorization: `Bearer ${token}` } });
  tokens.set(client, token);
  return client;
}

// A socket of somebody, as the client of graphql-transport-ws opens it.
function socketOf(token: string | undefined) {
  return createClient({
    url: (url ?? '').replace('http', 'ws') + '/ws',
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: token ? { authorization: `Bearer ${token}` } : {},
  });
}

type ProposalUpdate = NonNullable<ProposalUpdatesSubscription['proposalUpdated']>;

async function nextUpdate(updates: AsyncIterableIterator<FormattedExecutionResult<ProposalUpdatesSubscription, unknown>>): Promise<ProposalUpdate> {
  const { value } = await updates.next();
  assert(value?.data?.proposalUpdated);
  return value.data.proposalUpdated;
}

type Row = PageOfChallengesQuery['challenges']['nodes'][number];

// Every page in both directions gives the same list, without a gap and without a repetition.
const forwards: Row[] = [];
let total = 0;
for (let after: string | null = null, more = true; more; ) {
  const { challenges }: PageOfChallengesQuery = await visitor.request(pageOfChallenges, { first: 7, after });
  forwards.push(...challenges.nodes);
  ({ hasNextPage: more, endCursor: after = null } = challenges.pageInfo);
  total = challenges.totalCount;
}
const backwards: Row[] = [];
for (let before: string | null = null, more = true; more; ) {
  const { challenges }: PageOfChallengesQuery = await visitor.request(pageOfChallenges, { last: 7, before });
  backwards.unshift(...challenges.nodes);
  ({ hasPreviousPage: more, startCursor: before = null } = challenges.pageInfo);
}
assert(total > 7);
assert.equal(forwards.length, total);
assert.equal(new Set(forwards.map(({ id }) => id)).size, total);
assert.deepEqual(backwards, forwards);

// A founder opens one that takes proposals and drafts an answer.
const founder = await signedIn('founder@sonca.example');
let proposalId: string | undefined;
for (const { slug } of forwards.filter(({ window }) => window === 'OPEN')) {
  const { challenge } = await founder.request(challengeBySlug, { slug });
  const organizationId = challenge?.viewerBids.find(({ draft }) => draft.isAllowed)?.organization?.id;
  if (!challenge || !organizationId) continue;
  const input = { challengeId: challenge.id, organizationId, title: 'Bản thảo', summary: 'Tóm tắt.' };
  const once = { input: { ...input, idempotencyKey: `contract-${challenge.id}` } };
  const { createProposal: made } = await founder.request(createProposal, once);
  assert.equal(made?.proposal?.status, 'DRAFT');
  proposalId = made.proposal.id;
  // The answer was lost: the same again gives the same.
  const { createProposal: again } = await founder.request(createProposal, once);
  assert.equal(again?.proposal?.id, proposalId);
  break;
}
assert(proposalId);

// What the user can put right is data, told apart by its type.
const change = { proposalId, expectedVersion: 1, title: 'Cảnh báo ngập sớm' };
const { updateProposal: changed } = await founder.request(updateProposal, { input: change });
assert.equal(changed?.proposal?.version, 2);
const { updateProposal: stale } = await founder.request(updateProposal, { input: change });
const [conflict] = stale?.userErrors ?? [];
assert(conflict?.__typename === 'StaleVersionError');
assert.equal(conflict.currentVersion, 2);
const { updateProposal: long } = await founder.request(updateProposal, {
  input: { proposalId, expectedVersion: 2, title: 'x'.repeat(201) },
});
const [limit] = long?.userErrors ?? [];
assert(limit?.__typename === 'LimitUserError');
assert.equal(limit.limit, 200);
assert.deepEqual(limit.field, ['input', 'title']);

// Another window of theirs is told of a change, and after a while without a network of everything since.
const socket = socketOf(tokens.get(founder));
const follow = (after: string | null) =>
  socket.iterate<ProposalUpdatesSubscription>({ query: print(proposalUpdates), variables: { id: proposalId, after } });
const updates = follow(null);
const waiting = nextUpdate(updates);
let first: ProposalUpdate | undefined;
let version = 2;
// When the server has begun to tell is not told; it hears one of the changes.
waiting.then((update) => (first = update), () => undefined);
while (!first && version < 500) {
  await founder.request(updateProposal, {
    input: { proposalId, expectedVersion: version, summary: `Lần ${version}.` },
  });
  version += 1;
}
first = await waiting;
assert.equal(first.step, 'EDITED');
assert.equal(first.proposal.id, proposalId);
await updates.return?.();
const input = { proposalId, expectedVersion: version, summary: 'Lần cuối.' };
const { updateProposal: last } = await founder.request(updateProposal, { input });
const again = follow(first.cursor);
for (let seen = first.proposal.version; seen !== last?.proposal?.version; ) {
  seen = (await nextUpdate(again)).proposal.version;
}
await again.return?.();
await socket.dispose();
const stranger = socketOf(undefined);
const refusal = await stranger.iterate({ query: print(proposalUpdates), variables: { id: proposalId, after: null } }).next();
assert.equal(refusal.value.errors[0].extensions.code, 'NOT_FOUND');
await stranger.dispose();
const closed = await new Promise<unknown>((resolve) => {
  socketOf('no.such.token').subscribe({ query: '{ __typename }' }, { next: resolve, complete: () => resolve('completed'), error: resolve });
});
assert(closed && typeof closed === 'object' && 'code' in closed && closed.code === 4403);

// A file is announced, sent, looked at, and fetched again.
async function upload(proposalId: string, name: string, content: string) {
  const bytes = new TextEncoder().encode(content);
  const announced = await founder.request(createUpload, { input: { on: { proposalId }, name, size: bytes.length } });
  assert.deepEqual(announced.createUpload?.userErrors, []);
  const place = announced.createUpload?.upload;
  assert(place && announced.createUpload?.attachment);
  const headers = Object.fromEntries(place.headers.map((header) => [header.name, header.value]));
  const sent = await fetch(place.url, { method: place.method, headers, body: bytes });
  assert.equal(sent.status, 204);
  const attachmentId = announced.createUpload.attachment.id;
  const { completeUpload: completed } = await founder.request(completeUpload, { input: { attachmentId } });
  return completed;
}
const table = 'trạm,mực nước\nThanh Đa,1.62\n';
const kept = await upload(proposalId, 'Số liệu.csv', table);
assert.equal(kept?.attachment?.status, 'CLEAN');
assert.equal(kept.attachment.mediaType, 'text/csv; charset=utf-8');
const fetched = await fetch(kept.attachment.downloadUrl ?? '');
assert.equal(await fetched.text(), table);
assert.match(fetched.headers.get('content-disposition') ?? '', /^attachment; /);
const page = await upload(proposalId, 'Trang.txt', '<html>');
assert.deepEqual([page?.attachment?.refusal, page?.userErrors[0]?.code], ['CONTENT_MISMATCH', 'FILE_REFUSED']);

// What they may not do is refused, what they may not know is not there.
const challengeId = forwards[0]?.id ?? '';
const record = { number: '1/QĐ', date: '2026-01-01', signer: 'Nguyễn Văn Ký', documentUrl: 'https://example.vn/1.pdf' };
const { approveChallenge: refused } = await founder.request(approveChallenge, { input: { challengeId, record } });
assert.deepEqual(refused?.userErrors, [{ code: 'NOT_PERMITTED' }]);
const own = await founder.request(personal, { id: proposalId });
assert(own.viewer && own.node?.__typename === 'Proposal' && own.node.version === last?.proposal?.version);
const others = await visitor.request(personal, { id: proposalId });
assert.deepEqual(others, { viewer: null, node: null });

// A token that is none is a refused request; of its body this client keeps nothing, so the status has to tell.
const forged = new GraphQLClient(url, { headers: { authorization: 'Bearer no.such.token' } });
await assert.rejects(forged.request(personal, { id: proposalId }), (error) => {
  assert(error instanceof ClientError);
  assert.equal(error.response.status, 401);
  return true;
});
console.log(`contract: a typed client paged through ${total} challenges both ways, drafted, followed the draft over a socket, hung a file on it, and was refused as described`);
