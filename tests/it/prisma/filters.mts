// Writes events by a Prisma client and asks it for those that each condition chooses. Arguments: the adapter's package, the database's URL
// and how dates are stored. question.json: {rows, conditions}. Standard output: for each condition the ids.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [adapter, url, timestampFormat] = process.argv.slice(2) as [string, string, string];
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const factories = Object.entries(require(adapter)).filter(([name]) => /^Prisma(LibS|BetterS)/i.test(name));
const Factory = factories[0]![1] as new (options: object, more: object) => object;
const { PrismaClient } = await import(pathToFileURL(`${process.cwd()}/generated/client/client.ts`).href);
const prisma = new PrismaClient({ adapter: new Factory({ url }, { timestampFormat }) });
const { rows, conditions } = JSON.parse(readFileSync('question.json', 'utf8'));
await prisma.event.createMany({ data: rows });
const answers = [];
for (const where of conditions) {
  answers.push((await prisma.event.findMany({ where, orderBy: { id: 'asc' } })).map((event: { id: number }) => event.id));
}
process.stdout.write(JSON.stringify(answers));
await prisma.$disconnect();
