/// <reference types="node" />
// Restores one table from the backup file beside this script.
//
//   npx tsx <this script>              says what it would do and changes nothing
//   npx tsx <this script> --restore    writes the records back, all or none
//
// This program is the same for every backup: names and values come from the JSON file when it runs. Keep the two
// files together; the JSON file is found by this script's own name.
//
// --allow-remote       restore although the database is not on this machine
// --allow-production   restore although NODE_ENV is "production"
// --timeout=SECONDS    longest time that the transaction may take (default 600)

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Prisma, PrismaClient } from %CLIENT%;
%ADAPTER_IMPORT%
const URL_VARIABLE = %URL_VARIABLE%;
const KNOWN_FORMAT = 1;
/** Forms of values that this script can hand to Prisma without loss. */
const CARRIED = ['jsonNull', 'jsonWrapped'];

interface Column {
  name: string;
  kind: string;
  array?: boolean;
}

interface Metadata {
  table: string;
  createdAt: string;
  recordCount: number;
  checksum: string;
  filterApplied: string | null;
  format?: number;
  engine?: string;
  model?: string;
  key?: string[];
  keyName?: string;
  fields?: string[];
  encodings?: Record<string, string[]>;
  schema?: { columns: Column[] };
}

type Fields = Record<string, unknown>;

interface Delegate {
  upsert(args: { where: Fields; update: Fields; create: Fields; select: Record<string, true> }): Promise<unknown>;
}

/** A reason to stop that is told without a stack trace. */
class Refusal extends Error {}

/** Text from the file or the environment, safe to print on a terminal. */
function shown(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0');
  });
}

/** Calls `onLine` with each line of the file, without its line break; memory does not grow with the file. */
async function eachLine(file: FileHandle, onLine: (line: Buffer) => Promise<void> | void): Promise<void> {
  const chunk = Buffer.alloc(1 << 18);
  let pending: Buffer[] = [];
  let position = 0;
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const bytes = Buffer.from(chunk.subarray(0, bytesRead));
    let start = 0;
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
      pending.push(bytes.subarray(start, end));
      const line = pending.length === 1 ? (pending[0] as Buffer) : Buffer.concat(pending);
      pending = [];
      start = end + 1;
      await onLine(line);
    }
    if (start < bytes.length) pending.push(bytes.subarray(start));
  }
  if (pending.length > 0) throw new Refusal('The backup file is cut short.');
}

/**
 * Reads the whole file: hands each record to `onRecord`, and fails at the end unless count and checksum are right.
 * So nothing that `onRecord` did may be final before this has returned.
 */
async function readBackup(
  file: FileHandle,
  onRecord: (metadata: Metadata, record: string) => Promise<void> | void,
): Promise<Metadata> {
  const hash = createHash('sha256');
  let head = '';
  let metadata: Metadata | undefined;
  let count = 0;
  let closed = 0;
  await eachLine(file, async (line) => {
    if (metadata === undefined) {
      const text = line.toString('utf8');
      if (text === '  "data": [' || text === '  "data": []') {
        metadata = (JSON.parse(head + '"data":[]}') as { metadata: Metadata }).metadata;
        hash.update(text === '  "data": [' ? '[' : '[]');
        closed = text === '  "data": [' ? 0 : 1;
      } else {
        head += text + '\n';
      }
    } else if (closed > 0) {
      closed += 1;
      if (closed !== 2 || line.toString('utf8') !== '}') throw new Refusal('Something stands after the data of the backup file.');
    } else {
      hash.update('\n').update(line);
      const text = line.toString('utf8');
      if (text === '  ]') {
        closed = 1;
      } else {
        count += 1;
        await onRecord(metadata, text.replace(/,$/, ''));
      }
    }
  });
  if (metadata === undefined || closed !== 2) throw new Refusal('The backup file is cut short or is no backup file.');
  const checksum = 'sha256:' + hash.digest('hex');
  if (checksum !== metadata.checksum) {
    throw new Refusal('The checksum does not match: the backup file was changed or damaged.');
  }
  if (count !== metadata.recordCount) {
    throw new Refusal(`The backup file says it holds ${metadata.recordCount} records, but it holds ${count}.`);
  }
  return metadata;
}

/** The variables of an env file; nothing if there is no such file. */
function readEnv(path: string): Record<string, string> {
  const found: Record<string, string> = {};
  if (!existsSync(path)) return found;
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match === null) continue;
    const name = match[1] as string;
    const raw = match[2] as string;
    const quoted = /^(['"`])(.*?)\1\s*(?:#.*)?$/.exec(raw);
    found[name] = quoted === null ? raw.replace(/\s*#.*$/, '') : (quoted[2] as string);
  }
  return found;
}

/** The folder of the nearest package.json above the script, or else the current one. */
function projectRoot(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dirname(dir) === dir) return process.cwd();
  }
}

/**
 * The database URL: shell, then .env.local, then .env. Importing Prisma's client may already have loaded .env into the
 * environment; a value that equals the one in .env is taken as coming from there.
 */
function databaseUrl(root: string): string {
  const plain = readEnv(join(root, '.env'));
  const local = readEnv(join(root, '.env.local'));
  const inherited = process.env[URL_VARIABLE];
  const fromShell = inherited !== undefined && inherited !== '' && inherited !== plain[URL_VARIABLE];
  const url = fromShell ? inherited : (local[URL_VARIABLE] ?? plain[URL_VARIABLE] ?? inherited);
  if (url === undefined || url === '') {
    throw new Refusal(`No database: set ${URL_VARIABLE} in the shell, in .env.local or in .env.`);
  }
  return url;
}

interface Target {
  /** Host and database, without user and password. */
  label: string;
  local: boolean;
}

function describeTarget(url: string): Target {
  if (url.startsWith('file:')) return { label: shown(url), local: true };
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Refusal(`${URL_VARIABLE} is not a database URL.`);
  }
  const host = parsed.searchParams.get('host') ?? parsed.hostname;
  const bare = host.replace(/^\[|\]$/g, '').toLowerCase();
  const local = bare === '' || bare === 'localhost' || bare === '::1' || /^127(\.\d+){3}$/.test(bare) || bare.startsWith('/');
  const port = parsed.port === '' ? '' : ':' + parsed.port;
  return { label: shown(`${host}${port}${parsed.pathname}`), local };
}

/** Fields whose values this script could not bring back exactly, with the reason's name. */
function notCarried(metadata: Metadata): string[] {
  const found: string[] = [];
  const encodings = metadata.encodings ?? {};
  for (const field of Object.keys(encodings)) {
    const forms = (encodings[field] ?? []).filter((form) => CARRIED.indexOf(form) === -1);
    if (forms.length > 0) found.push(`${shown(field)} (${shown(forms.join(', '))})`);
  }
  return found;
}

interface Plan {
  model: string;
  key: string[];
  fields: string[];
  columns: Column[];
  /** Only the key is read back: reading a whole row can fail after it was written. */
  select: Record<string, true>;
}

/** What the file must say before anything is written. */
function plan(metadata: Metadata): Plan {
  if (metadata.format !== KNOWN_FORMAT) throw new Refusal('The backup file has a format that this script does not know.');
  const { model, key = [], fields = [], schema } = metadata;
  if (model === undefined || !/^[A-Za-z]\w*$/.test(model)) {
    throw new Refusal('No Prisma model is known for this table: use `dbsnap import` and `dbsnap restore`.');
  }
  if (key.length === 0) throw new Refusal('The table has no key that Prisma could upsert by: use `dbsnap import` and `dbsnap restore`.');
  const columns = schema?.columns ?? [];
  if (columns.length !== fields.length) throw new Refusal('The backup file does not say what its columns are.');
  const lost = notCarried(metadata);
  if (lost.length > 0) {
    throw new Refusal(
      `Prisma's client cannot bring these fields back exactly: ${lost.join('; ')}.\n` +
        'Nothing was changed. Use `dbsnap import` and `dbsnap restore`, which can.',
    );
  }
  const select: Record<string, true> = {};
  for (const field of key) select[field] = true;
  return { model, key, fields, columns, select };
}

/** A value of a record as Prisma's client takes it. */
function toPrisma(value: unknown, column: Column): unknown {
  if (column.kind === 'json' || column.kind === 'jsonb') {
    if (column.array === true) {
      const element = { name: column.name, kind: column.kind };
      return Array.isArray(value) ? value.map((one: unknown) => toPrisma(one, element)) : value;
    }
    if (value === null) return Prisma.DbNull;
    if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 1 && '$json' in value) {
      return value.$json === null ? Prisma.JsonNull : value.$json;
    }
  }
  return value;
}

function whereOf(metadata: Metadata, key: string[], record: Fields): Fields {
  if (key.length === 1) return { [key[0] as string]: record[key[0] as string] };
  const together: Fields = {};
  for (const field of key) together[field] = record[field];
  return { [metadata.keyName ?? key.join('_')]: together };
}

async function restore(file: FileHandle, url: string, timeout: number): Promise<void> {
  const prisma = new PrismaClient(%CLIENT_OPTIONS%);
  try {
    await prisma.$transaction(
      async (transaction) => {
        let planned: Plan | undefined;
        await readBackup(file, async (metadata, line) => {
          planned = planned ?? plan(metadata);
          const { model, key, fields, columns, select } = planned;
          const delegate = (transaction as unknown as Record<string, Delegate | undefined>)[model];
          if (typeof delegate?.upsert !== 'function') throw new Refusal(`Prisma's client has no model ${model}.`);
          const record = JSON.parse(line) as Fields;
          fields.forEach((field, index) => {
            record[field] = toPrisma(record[field], columns[index] as Column);
          });
          await delegate.upsert({ where: whereOf(metadata, key, record), update: record, create: record, select });
        });
      },
      { timeout, maxWait: 10_000 },
    );
  } finally {
    await prisma.$disconnect();
  }
}

async function main(): Promise<void> {
  const script = resolve(process.argv[1] ?? '');
  const name = basename(script).replace(/\.[cm]?[jt]s$/, '');
  if (!name.endsWith('_restore')) throw new Refusal('The name of this script must end in _restore.ts.');
  const path = join(dirname(script), name.slice(0, -'_restore'.length) + '.json');
  const isDryRun = process.argv.indexOf('--restore') === -1;
  const seconds = process.argv.map((argument) => /^--timeout=(\d+)$/.exec(argument)?.[1]).find((found) => found !== undefined);

  const file = await open(path, 'r');
  try {
    const metadata = await readBackup(file, () => undefined);
    const url = databaseUrl(projectRoot(dirname(script)));
    const target = describeTarget(url);
    console.log(`Backup of ${shown(metadata.table)}, taken ${shown(metadata.createdAt)}; the checksum is right.`);
    console.log(`Restoring ${metadata.recordCount} records to ${shown(metadata.table)} in ${target.label}`);
    plan(metadata);
    if (isDryRun) {
      console.log('[DRY RUN] Would restore records. Use --restore to apply.');
      return;
    }
    if (!target.local && process.argv.indexOf('--allow-remote') === -1) {
      throw new Refusal('The database is not on this machine. Use --allow-remote if that is what you want.');
    }
    if (process.env['NODE_ENV'] === 'production' && process.argv.indexOf('--allow-production') === -1) {
      throw new Refusal('NODE_ENV is "production". Use --allow-production if that is what you want.');
    }
    await restore(file, url, Number(seconds ?? 600) * 1000);
    console.log('Restore complete.');
  } finally {
    await file.close();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = 1;
});
