// Reads env files as applications do. Standard input: a JSON array of {text, environment}.
// Standard output: for each the variables of dotenv, of dotenv-expand on top of it (null if it goes on and on), and of Node itself.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

const require = createRequire(import.meta.url);
const dotenv = require('dotenv');
const { expand } = require('dotenv-expand');

// dotenv-expand as it is but for two things: it ends, and a `$NAME` of a name that nothing defines is no reference.
function expandedWithin(parsed, processEnv) {
  const exec = RegExp.prototype.exec;
  let left = 1 << 19;
  RegExp.prototype.exec = function (text) {
    left -= text.length + 256;
    if (left < 0 || text.length > 1 << 15) throw new RangeError('without end');
    let match = exec.call(this, text);
    while (match !== null && match[2] !== undefined && !Object.hasOwn(processEnv, match[2])) match = exec.call(this, text);
    return match;
  };
  try {
    return expand({ parsed, processEnv }).parsed;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  } finally {
    RegExp.prototype.exec = exec;
  }
}

const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ text, environment }) => {
  const parsed = dotenv.parse(text);
  // As an application does it: dotenv puts what is not set yet into the environment, then references are resolved.
  const processEnv = { ...environment };
  for (const [name, value] of Object.entries(parsed)) processEnv[name] ??= value;
  const expanded = expandedWithin({ ...parsed }, processEnv);
  return { parsed, expanded, node: parseEnv(text) };
});
process.stdout.write(JSON.stringify(answers));
