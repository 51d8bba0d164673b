// Runs scripts, one after the other in this process, each as `npx tsx <script> <arguments>` would in one of its own: tsx
// and Prisma's client are then loaded once. A line of standard input is a script to run: {script, args, env, dir}. The
// answer is a line of standard output: {code, stdout, stderr}. A script has ended when this process has nothing left to
// do and would exit.
import { readSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const { cache } = createRequire(import.meta.url);
let said;
for (const name of ['stdout', 'stderr']) {
  process[name].write = (text) => {
    said[name] += text;
    return true;
  };
}

const chunk = Buffer.alloc(1 << 16);
let read = '';
function readLine() {
  while (!read.includes('\n')) {
    const bytes = readSync(0, chunk);
    if (bytes === 0) return undefined;
    read += chunk.toString('utf8', 0, bytes);
  }
  const end = read.indexOf('\n');
  const line = read.slice(0, end);
  read = read.slice(end + 1);
  return line;
}

let count = 0;
process.on('beforeExit', () => {
  if (count > 0) writeSync(1, `${JSON.stringify({ code: process.exitCode ?? 0, ...said })}\n`);
  process.exitCode = undefined;
  const line = readLine();
  if (line === undefined) return;
  const { script, args, env, dir } = JSON.parse(line);
  count += 1;
  said = { stdout: '', stderr: '' };
  process.chdir(dir);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv = [process.argv[0], script, ...args];
  // The script may have run before, as a module of either kind.
  for (const name of Object.keys(cache)) if (name.startsWith(script)) delete cache[name];
  import(`${pathToFileURL(script)}?run=${count}`).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
});
