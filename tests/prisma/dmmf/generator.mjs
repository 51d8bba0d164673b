// A generator for `prisma generate`: writes what Prisma itself understood of the schema (its DMMF) to the file that `output` names.
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const answer = (id, result) => process.stderr.write(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'getManifest') {
    answer(id, { manifest: { prettyName: 'DMMF', defaultOutput: './dmmf.json' } });
  } else if (method === 'generate') {
    writeFileSync(params.generator.output.value, JSON.stringify({ datamodel: params.dmmf.datamodel, datasources: params.datasources, otherGenerators: params.otherGenerators }));
    answer(id, null);
  }
});
