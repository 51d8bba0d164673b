// What Prisma itself understands of schemas. Each argument is a schema: a file, or a folder of files. Prints one JSON object on a line
// for each: its DMMF, or what Prisma says against it. `prisma generate` hands the same DMMF to its generators (generator.mjs).
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const { get_dmmf: getDmmf, get_config: getConfig } = createRequire(import.meta.url)('@prisma/prisma-schema-wasm');

const files = (path) =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true })
        .map((name) => join(path, name))
        .filter((file) => file.endsWith('.prisma'))
        .sort();

for (const path of process.argv.slice(2)) {
  const prismaSchema = files(path).map((file) => [file, readFileSync(file, 'utf8')]);
  let answer;
  try {
    const config = JSON.parse(getConfig(JSON.stringify({ prismaSchema, env: {}, ignoreEnvVarErrors: true })));
    answer = { datamodel: JSON.parse(getDmmf(JSON.stringify({ prismaSchema, noColor: true }))).datamodel, config };
  } catch (error) {
    answer = { error: String(error.message ?? error) };
  }
  console.log(JSON.stringify(answer));
}
