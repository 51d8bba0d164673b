// Runs several restore scripts one after the other in this process, as `npx tsx <script> <arguments>` would each by itself: the
// client is then loaded once. Arguments: the number of scripts, the scripts, and what each is given.
import { pathToFileURL } from 'node:url';

const count = Number(process.argv[2]);
const scripts = process.argv.slice(3, 3 + count);
const given = process.argv.slice(3 + count);
const print = console.log;
let failed = false;
for (const script of scripts) {
  process.argv = [process.argv[0], script, ...given];
  const ended = new Promise((resolve) => {
    const told = (wrong) => (text) => {
      print(text);
      failed ||= wrong;
      if (wrong || text === 'Restore complete.' || text.startsWith('[DRY RUN]')) resolve();
    };
    console.log = told(false);
    console.error = told(true);
  });
  await import(pathToFileURL(script));
  await ended;
}
process.exitCode = failed ? 1 : 0;
