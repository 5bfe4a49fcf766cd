// GraphQL over HTTP as its public audits measure it. Usage: audit.mjs URL
import { serverAudits } from 'graphql-http';

const [url] = process.argv.slice(2);
// The audits' words: an error is a MUST that failed, a warning a SHOULD, a notice a MAY.
const counts = { ok: 0, error: 0, warn: 0, notice: 0 };
for (const audit of serverAudits({ url, fetchFn: fetch })) {
  const result = await audit.fn();
  counts[result.status] += 1;
  if (result.status !== 'ok') console.log(`${result.status}: ${result.name}: ${result.reason}`);
}
console.log(`contract: GraphQL over HTTP: ${counts.ok} ok, ${counts.error} MUST, ${counts.warn} SHOULD, ${counts.notice} MAY failed`);
// None at all would mean that nothing was asked.
process.exit(counts.ok > 0 && counts.error === 0 && counts.warn === 0 ? 0 : 1);
