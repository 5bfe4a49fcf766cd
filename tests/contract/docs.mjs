// Every document that the README and the guide show is one that the schema takes.
import { readFileSync } from 'node:fs';
import { buildSchema, parse, specifiedRules, NoUnusedVariablesRule, LoneAnonymousOperationRule, validate } from 'graphql';

const root = new URL('../../', import.meta.url);
const schema = buildSchema(readFileSync(new URL('schema.graphql', root), 'utf8'));
// Two short examples may stand in one block.
const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule && rule !== LoneAnonymousOperationRule);
const wrong = [];
let shown = 0;
for (const file of ['README.md', 'server/docs/api-guide.md']) {
  for (const [, document] of readFileSync(new URL(file, root), 'utf8').matchAll(/```graphql\n(.*?)```/gs)) {
    shown += 1;
    for (const error of validate(schema, parse(document), rules)) wrong.push(`${file}: ${error.message}\n${document}`);
  }
}
console.log(`contract: ${shown} documents of the guide, ${wrong.length} of them wrong`);
if (wrong.length > 0 || shown === 0) {
  console.error(wrong.join('\n'));
  process.exit(1);
}
