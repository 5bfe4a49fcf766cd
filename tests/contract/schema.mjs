// The schema against the one last released: what could break a client is refused. Usage: schema.mjs RELEASED CURRENT
import { readFileSync } from 'node:fs';
import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';

const [released, current] = process.argv.slice(2).map((path) => buildSchema(readFileSync(path, 'utf8')));

// What was released as deprecated may go. That its date has come is for people to check.
const mayGo = ({ description }) => {
  const [, owner, field] = description.match(/^(\w+)\.(\w+) was removed/) ?? [];
  return Boolean(released.getType(owner)?.getFields?.()[field]?.deprecationReason);
};

const breaking = findBreakingChanges(released, current).filter((change) => !mayGo(change));
for (const { type, description } of breaking) console.error(`breaks clients: ${type}: ${description}`);
const dangerous = findDangerousChanges(released, current);
for (const { type, description } of dangerous) console.log(`look at it: ${type}: ${description}`);
console.log(`contract: ${breaking.length} breaking, ${dangerous.length} dangerous changes of the schema since the release`);
process.exit(breaking.length === 0 ? 0 : 1);
