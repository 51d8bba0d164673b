// Reads env files as applications do. Standard input: a JSON array of {text, environment}.
// Standard output: for each the variables of dotenv, of dotenv-expand on top of it, and of Node itself.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const require = createRequire(import.meta.url);
const dotenv = require('dotenv');
const { expand } = require('dotenv-expand');

const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ text, environment }) => {
  const parsed = dotenv.parse(text);
  // As an application does it: dotenv puts what is not set yet into the environment, then references are resolved.
  const processEnv = { ...environment };
  for (const [name, value] of Object.entries(parsed)) processEnv[name] ??= value;
  const expanded = expand({ parsed: { ...parsed }, processEnv }).parsed;
  return { parsed, expanded, node: parseEnv(text) };
});
process.stdout.write(JSON.stringify(answers));
