// Expands variables as the runtime file of restore scripts does. Argument: that file. Standard input: a JSON array of {parsed, environment}.
// Standard output: the value of DATABASE_URL for each, null if it is refused.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const { expanded } = await import(pathToFileURL(process.argv[2]!).href);
const shell = { ...process.env };
const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ parsed, environment }: Record<string, Record<string, string>>) => {
  process.env = { ...shell, ...environment };
  try {
    return expanded('DATABASE_URL', parsed);
  } catch {
    return null;
  }
});
process.stdout.write(JSON.stringify(answers));
