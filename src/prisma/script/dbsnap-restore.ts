/// <reference types="node" />
// What dbsnap's restore scripts in this folder have in common, version 1. Each of them refuses to run with a changed copy.
//
// Names and values come from a script's JSON file when it runs; none of them is part of any program.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as util from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const KNOWN_FORMAT = 1;
/** Forms of values that Prisma's client takes without loss. */
const CARRIED = ['jsonNull', 'jsonWrapped'];
const BULK_FROM_RECORDS = 10_000;
const BULK_FROM_BYTES = 64 * 1024 * 1024;
const BATCH_BYTES = 1 << 16;
const CHUNK_BYTES = 1 << 16;
const BATCH_RECORDS = 2_000;
/** After so many batches (a power of two) what they left in memory is collected. */
const COLLECT_EVERY = 16;

interface Column {
  name: string;
  type: string;
  kind: string;
  array?: boolean;
  identity?: string;
}

interface TableName {
  schema?: string;
  name: string;
}

/** Which database the records were read from. */
interface Source {
  cluster?: string;
  database: string;
}

interface Metadata {
  table: string;
  createdAt: string;
  recordCount: number;
  checksum: string;
  metadataChecksum?: string;
  filterApplied: string | null;
  format?: number;
  engine?: string;
  model?: string;
  key?: string[];
  keyName?: string;
  fields?: string[];
  notInClient?: string[];
  enums?: Record<string, Record<string, string>>;
  encodings?: Record<string, string[]>;
  source?: Source;
  schema?: {
    table: TableName;
    columns: Column[];
    foreign_keys?: { columns: string[]; table: TableName; references: string[] }[];
  };
}

type Fields = Record<string, unknown>;
type Row = Record<string, string | number | bigint | null>;

/** A model of Prisma's client. */
export interface Delegate {
  upsert(args: { where: Fields; update: Fields; create: Fields; select: Record<string, true> }): Promise<unknown>;
}

/** A record that is written through Prisma's client. */
export interface Upsert {
  model: Delegate;
  where: Fields;
  record: Fields;
  /** The key alone: nothing else of the row is read back. */
  select: Record<string, true>;
}

/** What a script says of its project. */
export interface Options {
  /** The project's folder, relative to the script. */
  project: string;
  /** The environment variable that holds the database URL. */
  urlVariable: string;
  /** The URL where no variable holds one; empty if there is none. */
  urlFallback: string;
  /** Folders of the project that a relative SQLite path may start at, best first. */
  sqliteFolders: string[];
}

/** What a transaction of Prisma's client offers here. */
export interface Transaction {
  $executeRawUnsafe(sql: string, ...values: unknown[]): Promise<number>;
  $queryRawUnsafe(sql: string, ...values: unknown[]): Promise<unknown>;
}

/** What Prisma's client offers here. */
export interface Client {
  $transaction<T>(work: (transaction: Transaction) => Promise<T>, options: { timeout: number; maxWait: number }): Promise<T>;
  $disconnect(): Promise<void>;
}

/** Prisma's values for SQL NULL and JSON null. */
export interface Nulls {
  DbNull: unknown;
  JsonNull: unknown;
}

/** A reason to stop that is told without a stack trace. */
class Refusal extends Error {}

/** One record could not be written; so none is. */
class Failed extends Error {
  readonly key: string;
  constructor(key: string, reason: unknown) {
    super(messageOf(reason));
    this.key = key;
  }
}

/** Text from the file, the environment or the server, safe to print on a terminal. */
function shown(text: string): string {
  return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) => {
    return '\\u' + ('000' + character.charCodeAt(0).toString(16)).slice(-4);
  });
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

// ---- the backup file

/** Calls `onLine` with each line of the file, without its line break; memory does not grow with the file. */
async function eachLine(file: FileHandle, onLine: (line: Buffer) => Promise<void> | void): Promise<void> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
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
      const wait = onLine(line);
      if (wait !== undefined) await wait;
    }
    if (start < bytes.length) pending.push(bytes.subarray(start));
  }
  if (pending.length > 0) throw new Refusal('The backup file is cut short.');
}

/**
 * Reads the whole file: hands each record to `onRecord`, with its number, and fails at the end unless count and checksum
 * are right. So nothing that `onRecord` did may be final before this has returned.
 */
async function readBackup(
  file: FileHandle,
  onRecord: (record: string, number: number, metadata: Metadata) => Promise<void> | void,
): Promise<Metadata> {
  const hash = createHash('sha256');
  const lineBreak = Buffer.from('\n');
  let head = '';
  let metadata: Metadata | undefined;
  let count = 0;
  let closed = 0;
  await eachLine(file, (line) => {
    if (metadata === undefined) {
      const text = line.toString('utf8');
      if (text === '  "data": [' || text === '  "data": []') {
        metadata = parseHead(head);
        hash.update(text === '  "data": [' ? '[' : '[]');
        closed = text === '  "data": [' ? 0 : 1;
      } else {
        if (head.length > 1 << 24) throw new Refusal('This is no backup file.');
        head += text + '\n';
      }
    } else if (closed > 0) {
      closed += 1;
      if (closed !== 2 || line.toString('utf8') !== '}') throw new Refusal('Something stands after the data of the backup file.');
    } else {
      hash.update(lineBreak);
      hash.update(line);
      const text = line.toString('utf8');
      if (text === '  ]') {
        closed = 1;
      } else {
        count += 1;
        return onRecord(text.charCodeAt(text.length - 1) === 44 ? text.slice(0, -1) : text, count, metadata);
      }
    }
    return undefined;
  });
  if (metadata === undefined || closed !== 2) throw new Refusal('The backup file is cut short or is no backup file.');
  const checksum = 'sha256:' + hash.digest('hex');
  if (checksum !== metadata.checksum) {
    throw new Refusal('The checksum does not match: the backup file was changed or damaged.');
  }
  if (count !== metadata.recordCount) {
    throw new Refusal(`The backup file says it holds ${metadata.recordCount} records, but it holds ${count}.`);
  }
  if (metadata.metadataChecksum !== undefined) {
    const before = head.slice(0, head.lastIndexOf('    "metadataChecksum": '));
    if (metadata.metadataChecksum !== 'sha256:' + createHash('sha256').update(before).digest('hex')) {
      throw new Refusal('The metadata of the backup file was edited: it has another metadataChecksum.');
    }
  }
  return metadata;
}

function parseHead(head: string): Metadata {
  try {
    const metadata = (JSON.parse(head + '"data":[]}') as { metadata?: Metadata }).metadata;
    if (metadata !== undefined && typeof metadata.table === 'string') return metadata;
  } catch {
    // told below
  }
  throw new Refusal('The metadata of the backup file cannot be read: it was edited or is not one of dbsnap.');
}

const STRING_END = /"/g;
const BRACKET = /["{}[\]]/g;

/** The position after the string whose opening quote is at `at`. */
function stringEnd(text: string, at: number): number {
  STRING_END.lastIndex = at + 1;
  for (;;) {
    const found = STRING_END.exec(text);
    if (found === null) throw new Refusal('A record of the backup file is not JSON.');
    let before = found.index - 1;
    while (text.charCodeAt(before) === 92) before -= 1;
    if (((found.index - before) & 1) === 1) return found.index + 1;
  }
}

/** The position after the JSON value that begins at `at`. */
function valueEnd(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === 34) return stringEnd(text, at);
  if (first === 123 || first === 91) {
    let depth = 0;
    for (let next = at; ; ) {
      BRACKET.lastIndex = next;
      const found = BRACKET.exec(text);
      if (found === null) throw new Refusal('A record of the backup file is not JSON.');
      next = found.index + 1;
      const bracket = found[0];
      if (bracket === '"') next = stringEnd(text, found.index);
      else if (bracket === '{' || bracket === '[') depth += 1;
      else if ((depth -= 1) === 0) return next;
    }
  }
  let end = at;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === 44 || code === 125 || code === 93 || code === 32) break;
  }
  return end;
}

/** The JSON text of each field of a record, in the order of `fields`: digits and spacing as they stand in the file. */
function splitRecord(record: string, fields: string[], keys: string[], number: number): string[] {
  const values: string[] = [];
  const wrong = (what: string): Refusal => new Refusal(`Record ${number} of the backup file ${what}.`);
  let at = record.indexOf('{') + 1;
  let found = 0;
  if (at === 0) throw wrong('is not JSON');
  while (record.charCodeAt(at) !== 125) {
    let position = found;
    const key = keys[position];
    if (key !== undefined && record.startsWith(key, at)) {
      at += key.length;
    } else {
      const end = stringEnd(record, at);
      const name = JSON.parse(record.slice(at, end)) as string;
      position = fields.indexOf(name);
      if (position === -1) throw wrong(`has a field "${shown(name)}" that is none of the table's`);
      at = end + 1;
    }
    if (values[position] !== undefined) throw wrong(`has the field "${shown(fields[position] as string)}" twice`);
    const end = valueEnd(record, at);
    values[position] = record.slice(at, end);
    found += 1;
    at = end;
    if (record.charCodeAt(at) === 44) at += 1;
    else if (record.charCodeAt(at) !== 125) throw wrong('is not JSON');
  }
  fields.forEach((field, position) => {
    if (values[position] === undefined || values[position] === '') throw wrong(`lacks the field "${shown(field)}"`);
  });
  return values;
}

/** Name and value of `{"$name":value}`. */
function unwrap(raw: string): [string, string] {
  const end = raw.indexOf('"', 3);
  return [raw.slice(3, end), raw.slice(raw.indexOf(':', end) + 1, -1)];
}

function isWrapped(raw: string): boolean {
  return raw.charCodeAt(0) === 123 && raw.charCodeAt(1) === 34 && raw.charCodeAt(2) === 36;
}

/** The text that a JSON string stands for. */
function textOf(raw: string): string {
  return raw.indexOf('\\') === -1 ? raw.slice(1, -1) : (JSON.parse(raw) as string);
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

// ---- the environment

/** The variables of an env file, references to others as they stand; nothing if there is no such file. */
function readEnv(path: string): Record<string, string> {
  if (!existsSync(path)) return {};
  const text = readFileSync(path, 'utf8').replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  // Node.js reads env files itself from 20.12 and 21.7 on.
  const { parseEnv } = util as unknown as { parseEnv?: (text: string) => Record<string, string> };
  if (parseEnv !== undefined) return parseEnv(text);
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const match = /^\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (match === null) continue;
    const raw = match[2] as string;
    const quoted = /^(['"`])(.*?)\1\s*(?:#.*)?$/.exec(raw);
    found[match[1] as string] = quoted === null ? raw.replace(/\s*#.*$/, '') : (quoted[2] as string);
  }
  return found;
}

const TOO_FAR = 'The references in an env file lead too far.';

/** A variable of an env file with its references replaced as dotenv-expand does, but for a `$NAME` that nothing defines: that stays. */
export function expanded(variable: string, found: Record<string, string>): string {
  const done: Record<string, string> = {};
  const order = Object.keys(found);
  const own = (record: Record<string, string | undefined>, name: string): string | undefined =>
    Object.prototype.hasOwnProperty.call(record, name) ? record[name] : undefined;
  const lookup = (name: string): string | undefined => (name === '' ? undefined : own(process.env, name)) ?? own(found, name);
  let left = 1 << 21;
  let depth = 0;
  const resolve = (text: string, of: string): string => {
    const seen: Record<string, boolean> = {};
    for (;;) {
      left -= text.length + 256;
      if (left < 0 || text.length > 1 << 16) throw new Refusal(TOO_FAR);
      const reference = /(?<!\\)\$(?:\{([^{}]+)\}|([A-Za-z_]\w*))/g;
      let match = reference.exec(text);
      while (match !== null && match[2] !== undefined && lookup(match[2]) === undefined) match = reference.exec(text);
      if (match === null) return text;
      seen[`=${text}`] = true;
      const inner = match[1] ?? match[2] ?? '';
      // Without an operator the package splits the name at its word for none.
      const operator = /:?[-+]/.exec(inner)?.[0] ?? 'null';
      const [name = '', ...rest] = inner.split(operator);
      const other = rest.join(operator);
      const value = lookup(name) ?? '';
      const isAlternative = operator.slice(-1) === '+';
      const isUsable = value !== '' && seen[`=${value}`] !== true;
      text = text.replace(match[0], isAlternative ? (value === '' ? '' : other) : isUsable ? value : other);
      if (order.indexOf(name) !== -1 && order.indexOf(name) < order.indexOf(of) && text === finished(name)) return text;
    }
  };
  const finished = (name: string): string => {
    const raw = found[name] ?? '';
    const known = own(done, name);
    if (known !== undefined) return known;
    if ((depth += 1) > 200) throw new Refusal(TOO_FAR);
    // What read the file into the environment may have left its references as they are.
    const set = own(process.env, name);
    const value = (set !== undefined && set !== '' && set !== raw ? set : resolve(raw, name)).replace(/\\\$/g, '$');
    depth -= 1;
    return (done[name] = value);
  };
  return finished(variable);
}

/** The folder of the nearest package.json above the script, or else the current one. */
function projectRoot(from: string): string {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'package.json'))) return dir;
    if (dirname(dir) === dir) return process.cwd();
  }
}

/** The database URL, what it was found in, and the folder of that. Nothing has been imported yet that could have loaded an env file. */
function databaseUrl(root: string, options: Options): [string, string, string] {
  const { urlVariable, urlFallback } = options;
  const inherited = process.env[urlVariable];
  if (inherited !== undefined && inherited !== '') return [inherited, `${urlVariable} in the environment`, process.cwd()];
  // A package of a monorepo has env files of its own.
  const packages = options.sqliteFolders.filter((folder) => folder !== '.' && existsSync(join(root, folder, 'package.json')));
  for (const folder of ['', ...packages.map((one) => join(one))]) {
    for (const name of ['.env.local', '.env', join('prisma', '.env')]) {
      const path = join(root, folder, name);
      const found = readEnv(path);
      const url = expanded(urlVariable, found);
      if (url !== '') return [url, `${urlVariable} in ${join(folder, name)}`, dirname(path)];
    }
  }
  if (urlFallback !== '') return [urlFallback, "Prisma's schema or config file", root];
  throw new Refusal(`No database: set ${urlVariable} in the shell, in .env.local or in .env (looked in ${shown(root)}).`);
}

/** The SQLite file that a path of a URL means: in the first folder that has one which is not empty, as dbsnap finds it. */
function sqliteFile(path: string, folders: string[]): string {
  const places = folders.map((folder) => resolve(folder, path));
  const found = places.filter((place) => existsSync(place) && statSync(place).size > 0)[0] ?? places.filter((place) => existsSync(place))[0];
  if (found === undefined) throw new Refusal(`There is no database file ${shown(places[0] ?? path)}.`);
  return found;
}

function real(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

function otherDatabase(source: string, target: string): Refusal {
  return new Refusal(
    `The backup was taken from ${shown(source)}, but this is ${shown(target)}. Use --other-database to restore into it.\nNothing was changed.`,
  );
}

interface Target {
  /** Host and database, without user and password. */
  label: string;
  local: boolean;
  /** What the client is given. */
  url: string;
  engine: string;
  /** The file of a local SQLite database. */
  file?: string;
}

/** What the URL leads to. A relative SQLite file starts at one of `folders`, wherever the script is run. */
function describeTarget(url: string, urlVariable: string, folders: string[], schema: string): Target {
  if (url.indexOf('file:') === 0) {
    const [path = ''] = url.slice('file:'.length).replace(/^\/\/(?=\/)/, '').split('?');
    const place = sqliteFile(path, folders);
    return { label: shown(place), local: true, url: 'file:' + place, engine: 'sqlite', file: place };
  }
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new Refusal(`${urlVariable} is not a database URL.`);
  }
  const host = parsed.searchParams.get('host') ?? parsed.hostname;
  const bare = decodeURIComponent(host).replace(/^\[|\]$/g, '').toLowerCase();
  const local = bare === '' || bare === 'localhost' || bare === '::1' || /^127(\.\d+){3}$/.test(bare) || bare.charAt(0) === '/';
  const port = parsed.port === '' ? '' : ':' + parsed.port;
  const sqlite = /^(libsql|https?|wss?):$/.test(parsed.protocol);
  if (!sqlite && !/^(postgres|postgresql):$/.test(parsed.protocol)) {
    throw new Refusal(`${urlVariable} is not a PostgreSQL or SQLite URL that this script can use (${shown(parsed.protocol)}).`);
  }
  if (!sqlite) {
    // Where no schema stands in the URL, Prisma's client takes "public"; the backup says which one is meant.
    parsed.searchParams.set('schema', schema);
    // Prisma's own default, which the driver of the adapter does not know.
    if (/^(prefer|allow)$/.test(parsed.searchParams.get('sslmode') ?? '')) parsed.searchParams.delete('sslmode');
  }
  return { label: shown(`${host}${port}${parsed.pathname}`), local, url: sqlite ? url : parsed.href, engine: sqlite ? 'sqlite' : 'postgresql' };
}

// ---- the client

/** What a module exports. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Module = Record<string, any>;

/** Loads a package or the generated client, which must have a class of that name; says what to do if it is not there. */
async function load(loading: () => Promise<unknown>, name: string, what: string, advice: string): Promise<Module> {
  let found: Module;
  try {
    found = (await loading()) as Module;
  } catch (error) {
    throw new Refusal(`${what} cannot be loaded: ${advice}.\n${shown(messageOf(error))}\nNothing was changed.`);
  }
  // A CommonJS package may come with everything below `default`.
  const inner: unknown = found['default'];
  const module = typeof inner === 'object' && inner !== null ? { ...inner, ...found } : found;
  if (typeof module[name] !== 'function') {
    throw new Refusal(`${what} has no ${name}: another version than when the backup was exported? Export it again.`);
  }
  return module;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Prisma's messages begin with the place in this program that called; the reason follows in paragraphs of its own, or after that.
  const isPlace = (line: string): boolean => /^(Invalid `|\d+( |$)|\u2192)/.test(line);
  const linesOf = (paragraph: string): string[] => paragraph.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const paragraphs = error.message.split(/\n\s*\n/).map(linesOf).filter((lines) => lines.length > 0);
  let reasons = paragraphs;
  paragraphs.forEach((lines, at) => {
    if (at < paragraphs.length - 1 && lines.some(isPlace)) reasons = paragraphs.slice(at + 1);
  });
  const all = reasons.reduce<string[]>((told, lines) => told.concat(lines), []);
  const told = all.filter((line) => !isPlace(line));
  return (told.length > 0 ? told : all).slice(0, 4).join(' ');
}

// ---- what is to be done

interface Plan {
  metadata: Metadata;
  table: TableName;
  columns: Column[];
  fields: string[];
  /** Each field's name as it begins a value in a record. */
  keys: string[];
  /** Positions of the key's columns; none where rows are only told apart by all that they hold. */
  key: number[];
  /** Label of the database by Prisma's name, for each column of an enum that has others. */
  enums: (Record<string, string> | undefined)[];
  /** Columns of this table that refer to it: position, and position of what it refers to. */
  self: [number, number][][];
  upsert: boolean;
  /** Whether what upsert left different may be written in bulk. */
  both: boolean;
}

/** What the file must say before anything is done with a database. */
function planOf(metadata: Metadata, size: number): Plan {
  if (metadata.format !== KNOWN_FORMAT) throw new Refusal('The backup file has a format that this script does not know.');
  const { fields = [], schema, encodings = {} } = metadata;
  if (schema === undefined || schema.columns.length !== fields.length || fields.length === 0) {
    throw new Refusal('The backup file does not say what its columns are.');
  }
  const key = (metadata.key ?? []).map((field) => fields.indexOf(field));
  if (key.indexOf(-1) !== -1) throw new Refusal('The backup file has a key of other fields than its own.');
  const position = (name: string): number => schema.columns.findIndex((column) => column.name === name);
  const self = (schema.foreign_keys ?? [])
    .filter((reference) => reference.table.name === schema.table.name && reference.table.schema === schema.table.schema)
    .map((reference) => reference.columns.map((name, at): [number, number] => [position(name), position(reference.references[at] ?? '')]))
    .filter((pairs) => pairs.every(([from, to]) => from !== -1 && to !== -1));
  const why = notForUpsert(metadata, schema.columns, encodings);
  const upsertAsked = process.argv.indexOf('--upsert') !== -1;
  const bulkAsked = process.argv.indexOf('--bulk') !== -1;
  if (upsertAsked && bulkAsked) throw new Refusal('--upsert and --bulk exclude each other.');
  if (upsertAsked && why !== undefined) throw new Refusal(`${why}\nNothing was changed. Leave --upsert out: the bulk way brings every value back.`);
  const large = metadata.recordCount >= BULK_FROM_RECORDS || size >= BULK_FROM_BYTES;
  return {
    metadata,
    table: schema.table,
    columns: schema.columns,
    fields,
    keys: fields.map((field) => JSON.stringify(field) + ':'),
    key,
    enums: fields.map((field) => metadata.enums?.[field]),
    self,
    upsert: upsertAsked || (!bulkAsked && !large && why === undefined),
    both: !upsertAsked,
  };
}

/** Why Prisma's upsert could not bring the records back exactly; undefined if it can. */
function notForUpsert(metadata: Metadata, columns: Column[], encodings: Record<string, string[]>): string | undefined {
  if (metadata.model === undefined || !/^[^\W\d]\w*$/.test(metadata.model)) return "Prisma's client has no model for this table.";
  if ((metadata.key ?? []).length === 0) return 'The table has no key.';
  const missing = metadata.notInClient ?? [];
  if (missing.length > 0) return `Prisma's client does not know these fields: ${shown(missing.join(', '))}.`;
  const always = columns.filter((column) => column.identity === 'always');
  if (always.length > 0) return `Prisma's client cannot write ${shown(always.map((column) => column.name).join(', '))} (GENERATED ALWAYS).`;
  const oids = columns.filter((column) => /^oid(\[\])?$/.test(column.type));
  if (oids.length > 0) return `Prisma's client wants a number for ${shown(oids.map((column) => column.name).join(', '))} (oid).`;
  const lost = Object.keys(encodings)
    .map((field): [string, string[]] => [field, (encodings[field] ?? []).filter((form) => CARRIED.indexOf(form) === -1)])
    .filter(([, forms]) => forms.length > 0)
    .map(([field, forms]) => `${shown(field)} (${shown(forms.join(', '))})`);
  return lost.length > 0 ? `Prisma's upsert cannot bring these fields back exactly: ${lost.join('; ')}.` : undefined;
}

/** What is where in the database, in its own words. */
interface Dialect {
  /** Begins the work: settings, locks, and the table that the records are staged in. Gives what each column is cast to. */
  begin(apply: boolean): Promise<void>;
  /** One record as it goes into the parameter of `stage`. */
  cell(raw: string, position: number): string;
  stage(batch: string): Promise<void>;
  /** What helps the database to compare what is staged. */
  prepare(): Promise<void>;
  /** `t` is the row, `s` what is staged. */
  matches: string;
  same: string;
  isAbsent: string;
  target: string;
  staged: string;
  /** A column of what is staged. */
  column(position: number): string;
  /** Begins a query for the key of the staged record whose number follows. */
  named: string;
  write(): Promise<void>;
  finish(): Promise<void>;
}

function quoted(name: string): string {
  return '"' + name.replace(/"/g, '""') + '"';
}

async function rows(transaction: Transaction, sql: string, ...values: unknown[]): Promise<Row[]> {
  return (await transaction.$queryRawUnsafe(sql, ...values)) as Row[];
}

/** Refuses if the table is not what it was: nothing is made up and nothing is cut to fit. */
function compareColumns(plan: Plan, live: Row[], sameType: (type: string, column: Column) => boolean): void {
  if (live.length === 0) throw new Refusal(`There is no table ${shown(plan.metadata.table)} in this database. Nothing was changed.`);
  const differences: string[] = [];
  for (const column of plan.columns) {
    const found = live.filter((one) => one['name'] === column.name)[0];
    if (found === undefined) differences.push(`the column ${shown(column.name)} is gone`);
    else if (String(found['generated']) !== '') differences.push(`the column ${shown(column.name)} is computed by the database now`);
    else if (!sameType(String(found['type']), column)) {
      differences.push(`the column ${shown(column.name)} was ${shown(column.type)} and is ${shown(String(found['type']))}`);
    }
  }
  if (differences.length > 0) {
    throw new Refusal(`The table ${shown(plan.metadata.table)} has changed since the backup: ${differences.join('; ')}.\nNothing was changed.`);
  }
}

/**
 * Runs a statement. If rows are in each other's way because they swap unique values, `otherwise` may take all of them out
 * before it puts them back, where nothing follows their deletion. If it fails, looks for a record at fault and names it.
 */
async function attempt(
  plan: Plan,
  transaction: Transaction,
  named: string,
  run: (range: string) => Promise<unknown>,
  otherwise: () => Promise<boolean>,
): Promise<void> {
  const back = async (): Promise<number> => transaction.$executeRawUnsafe('ROLLBACK TO SAVEPOINT dbsnap_attempt');
  await transaction.$executeRawUnsafe('SAVEPOINT dbsnap_attempt');
  try {
    await run('');
  } catch (error) {
    let last = error;
    await back();
    if (/23505|unique/i.test(messageOf(error))) {
      try {
        if (await otherwise()) return;
      } catch (again) {
        last = again;
        await back();
      }
    }
    let low = 1;
    let high = plan.metadata.recordCount;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      await back();
      try {
        await run(` AND s.n BETWEEN ${low} AND ${middle}`);
        low = middle + 1;
      } catch (again) {
        last = again;
        high = middle;
      }
    }
    await back();
    const [one] = await rows(transaction, named + String(low));
    throw new Failed(String(one?.['key'] ?? low), last);
  }
}

// ---- PostgreSQL

const POSTGRES_SETTINGS: [string, string][] = [
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
  ['xmloption', 'content'],
  ['array_nulls', 'on'],
  ['row_security', 'off'],
  ['lock_timeout', '10000'],
  ['statement_timeout', '0'],
  ['idle_in_transaction_session_timeout', '0'],
];

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/;

/** The server's text of a value; null for NULL. */
function postgresText(raw: string, column: Column, labels: Record<string, string> | undefined, element: boolean): string | null {
  if (raw === 'null') return null;
  const array = column.array === true && !element;
  if (isWrapped(raw)) {
    const [name, value] = unwrap(raw);
    if (name === 'json') return value;
    if (name === 'text' || name === 'jsonText') return textOf(value);
    throw new Refusal(`The column ${shown(column.name)} holds a value that PostgreSQL cannot hold ($${shown(name)}).`);
  }
  const first = raw.charCodeAt(0);
  if (array) return first === 91 ? listText(raw, column, labels) : textOf(raw);
  if (column.kind === 'json' || column.kind === 'jsonb') return raw;
  if (first !== 34) return raw;
  const text = textOf(raw);
  if (labels !== undefined) return Object.prototype.hasOwnProperty.call(labels, text) ? (labels[text] as string) : text;
  switch (column.kind) {
    case 'bytes':
      return '\\x' + hexOf(text);
    case 'date':
      return ISO.test(text) ? text.slice(0, 10) : text;
    case 'time':
      return ISO.test(text) ? text.slice(11, -1) : text;
    case 'timetz':
      return ISO.test(text) ? text.slice(11, -1) + '+00' : text;
    default:
      return text;
  }
}

/** An array as the server writes it. */
function listText(raw: string, column: Column, labels: Record<string, string> | undefined): string {
  let text = '{';
  let at = 1;
  while (at < raw.length - 1) {
    const end = valueEnd(raw, at);
    const value = raw.slice(at, end);
    if (at > 1) text += ',';
    if (value.charCodeAt(0) === 91) {
      text += listText(value, column, labels);
    } else {
      const element = postgresText(value, column, labels, true);
      // A boolean's letter, as in the text of arrays.
      if (element === null) text += 'NULL';
      else text += '"' + element.replace(/["\\]/g, '\\$&') + '"';
    }
    at = end + 1;
    while (raw.charCodeAt(at) === 32) at += 1;
  }
  return text + '}';
}

/** Refuses another database than the one that the records were read from. */
async function sameDatabase(source: Source | undefined, transaction: Transaction): Promise<void> {
  if (source === undefined || option('--other-database')) return;
  const [here] = await rows(
    transaction,
    `SELECT pg_catalog.current_database()::text AS name,
       pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')::text AS told`,
  );
  const name = String(here?.['name']);
  if (name !== source.database) throw otherDatabase(`the database ${source.database}`, name);
  if (source.cluster === undefined || here?.['told'] !== 'true') return;
  const [cluster] = await rows(transaction, 'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()');
  if (String(cluster?.['id']) !== source.cluster) throw otherDatabase(`${source.database} of another server`, `${name} of this one`);
}

function postgres(plan: Plan, transaction: Transaction): Dialect {
  const { table, columns, key } = plan;
  const name = `${quoted(table.schema ?? 'public')}.${quoted(table.name)}`;
  const column = (position: number): string => `c${position}`;
  const whole = (alias: string, of: (position: number) => string): string =>
    `ROW(${columns.map((_, position) => `${alias}.${of(position)}`).join(', ')})::pg_catalog.text COLLATE "C"`;
  const live = (position: number): string => quoted((columns[position] as Column).name);
  const same = `${whole('t', live)} = ${whole('s', column)}`;
  const matches = key.map((position) => `t.${live(position)} = s.${column(position)}`).join(' AND ');
  const staged = 'pg_temp.dbsnap_restore';
  let target = `ONLY ${name}`;
  const keyText =
    key.length === 1 ? `s.${column(key[0] as number)}::pg_catalog.text` : `ROW(${key.map((position) => `s.${column(position)}`).join(', ')})::pg_catalog.text`;
  const named = `SELECT ${key.length === 0 ? "'record ' || s.n" : keyText} AS key FROM ${staged} AS s WHERE s.n = `;
  // Without a key: rows as their text, equal ones numbered, so that each copy has its own.
  const copies = (from: string, n: string): string =>
    `(SELECT x.*, pg_catalog.row_number() OVER (PARTITION BY x.body${n}) AS copy FROM (SELECT ${from}) AS x)`;
  const stagedCopies = copies(`s.n, ${whole('s', column)} AS body FROM ${staged} AS s`, ' ORDER BY x.n');
  const liveCopies = (): string => copies(`${whole('t', live)} AS body FROM ${target} AS t`, '');
  const sameCopy = 't.body = s.body AND t.copy = s.copy';
  let fill = '';
  let triggers: Row[] = [];

  const settings = async (all: [string, string][]): Promise<void> => {
    const calls = all.map((_, at) => `pg_catalog.set_config($${at * 2 + 1}::text, $${at * 2 + 2}::text, true)`);
    const values = all.reduce<string[]>((list, pair) => list.concat(pair), []);
    await rows(transaction, `SELECT ${calls.map((call, at) => `${call} AS s${at}`).join(', ')}`, ...values);
  };

  const begin = async (apply: boolean): Promise<void> => {
    await sameDatabase(plan.metadata.source, transaction);
    const [path] = await rows(transaction, "SELECT pg_catalog.current_setting('search_path') AS path");
    await settings([...POSTGRES_SETTINGS, ['search_path', '']]);
    const found = await rows(
      transaction,
      `SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, a.atttypmod)::text AS type,
         pg_catalog.format_type(a.atttypid, -1)::text AS base, a.attgenerated::text AS generated, c.relkind::text AS kind
       FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1::text AND c.relname = $2::text AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`,
      table.schema ?? 'public',
      table.name,
    );
    compareColumns(plan, found, (type, one) => type === one.type);
    // Types that an extension brought are found as the user has them.
    await settings([['search_path', String(path?.['path'] ?? '')]]);
    if (found.some((one) => one['kind'] === 'p')) target = name;
    if (apply) {
      await transaction.$executeRawUnsafe(`LOCK TABLE ${name} IN SHARE ROW EXCLUSIVE MODE`);
      await disableTriggers();
    }
    await transaction.$executeRawUnsafe(
      `CREATE TEMP TABLE dbsnap_restore ON COMMIT DROP AS SELECT 0::bigint AS n, ${columns.map((_, position) => `t.${live(position)} AS ${column(position)}`).join(', ')} FROM ${target} AS t WITH NO DATA`,
    );
    if (!apply) await transaction.$executeRawUnsafe('SET TRANSACTION READ ONLY');
    const base = columns.map((one) => String(found.filter((have) => have['name'] === one.name)[0]?.['base']));
    // Strings go through each type's own input, as text that is cast would not (regclass, "char"); JSON has to stay text.
    const isJson = (position: number): boolean => columns[position]?.array !== true && /^jsonb?$/.test(columns[position]?.kind ?? '');
    fill =
      `INSERT INTO ${staged} SELECT r.n, ${base.map((type, position) => `r.${column(position)}${isJson(position) ? `::${type}` : ''}`).join(', ')} ` +
      `FROM pg_catalog.json_to_recordset($1::text::json) AS r(n bigint, ${base.map((type, position) => `${column(position)} ${isJson(position) ? 'text' : type}`).join(', ')})`;
  };

  /** Switches off what the project's triggers would do to restored rows, until the end of the transaction. */
  const disableTriggers = async (): Promise<void> => {
    triggers = await rows(
      transaction,
      `SELECT tgname::text AS name, tgenabled::text AS mode FROM pg_catalog.pg_trigger WHERE tgrelid = $1::text::regclass
         AND NOT tgisinternal AND tgenabled IN ('O', 'A') AND tgparentid = 0
         AND pg_catalog.pg_has_role((SELECT relowner FROM pg_catalog.pg_class WHERE oid = $1::text::regclass), 'USAGE')`,
      name,
    );
    for (const trigger of triggers) {
      await transaction.$executeRawUnsafe(`ALTER TABLE ${name} DISABLE TRIGGER ${quoted(String(trigger['name']))}`);
    }
  };

  const write = async (): Promise<void> => {
    const names = columns.map((_, position) => live(position)).join(', ');
    const values = columns.map((_, position) => `s.${column(position)}`).join(', ');
    // An identity that is GENERATED ALWAYS cannot be updated; if it has changed, the verification at the end says so.
    const set = columns
      .map((one, position) => (one.identity === 'always' ? '' : `${live(position)} = s.${column(position)}`))
      .filter((part) => part !== '');
    const absent = `NOT EXISTS (SELECT FROM ${target} AS t WHERE ${matches})`;
    const insert = `INSERT INTO ${name} (${names}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM ${staged} AS s`;
    // One statement, so that rows may refer to each other; what is first done to old rows is done before new ones come.
    const missing = `SELECT s.n FROM ${stagedCopies} AS s LEFT JOIN ${liveCopies()} AS t ON ${sameCopy} WHERE t.copy IS NULL`;
    if (key.length === 0) {
      const put = (range: string): Promise<number> => transaction.$executeRawUnsafe(`${insert} WHERE s.n IN (${missing})${range} ORDER BY s.n`);
      return attempt(plan, transaction, named, put, async () => false);
    }
    const inPlace = (range: string): string =>
      (set.length === 0
        ? ''
        : `WITH u AS MATERIALIZED (UPDATE ${target} AS t SET ${set.join(', ')} FROM ${staged} AS s WHERE ${matches} AND NOT (${same})${range} RETURNING 1), `) +
      `${set.length === 0 ? 'WITH ' : ''}n AS MATERIALIZED (SELECT count(*) AS n FROM ${set.length === 0 ? '(SELECT) AS x' : 'u'}) ` +
      `${insert} WHERE (SELECT n FROM n) >= 0 AND ${absent}${range} ORDER BY s.n`;
    const replacing =
      `WITH d AS MATERIALIZED (DELETE FROM ${target} AS t USING ${staged} AS s WHERE ${matches} AND NOT (${same}) RETURNING 1), ` +
      `n AS MATERIALIZED (SELECT count(*) AS n FROM d) ` +
      `${insert} WHERE (SELECT n FROM n) >= 0 AND NOT EXISTS (SELECT FROM ${target} AS t WHERE ${matches} AND ${same}) ORDER BY s.n`;
    const replaceable = async (): Promise<boolean> =>
      (await countOf(
        transaction,
        `SELECT count(*)::text AS found FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confdeltype <> 'a' AND confrelid = $1::text::regclass`,
        name,
      )) === 0;
    await attempt(plan, transaction, named, (range) => transaction.$executeRawUnsafe(inPlace(range)), async () => {
      if (!(await replaceable())) return false;
      await transaction.$executeRawUnsafe(replacing);
      return true;
    });
  };

  const finish = async (): Promise<void> => {
    await advanceSequences(transaction, name, target);
    if (triggers.length > 0) await transaction.$executeRawUnsafe('SET CONSTRAINTS ALL IMMEDIATE');
    for (const trigger of triggers) {
      const always = trigger['mode'] === 'A' ? 'ALWAYS ' : '';
      await transaction.$executeRawUnsafe(`ALTER TABLE ${name} ENABLE ${always}TRIGGER ${quoted(String(trigger['name']))}`);
    }
  };

  return {
    begin,
    cell: (raw, position) => {
      const text = postgresText(raw, columns[position] as Column, plan.enums[position], false);
      return `"${column(position)}":${text === null ? 'null' : JSON.stringify(text)}`;
    },
    stage: async (batch) => {
      await transaction.$executeRawUnsafe(fill, batch);
    },
    ...(key.length > 0
      ? { matches, same, isAbsent: 't.ctid IS NULL', staged }
      : { matches: sameCopy, same: 'true', isAbsent: 't.copy IS NULL', staged: stagedCopies }),
    get target() {
      return key.length > 0 ? target : liveCopies();
    },
    column,
    named,
    prepare: async () => {
      if (plan.metadata.recordCount > 1000) await transaction.$executeRawUnsafe(`ANALYZE ${staged}`);
    },
    write,
    finish,
  };
}

/** Moves the sequences of the table past the restored rows, never back, within the transaction. */
async function advanceSequences(transaction: Transaction, name: string, target: string): Promise<void> {
  const found = await rows(
    transaction,
    `SELECT DISTINCT a.attname::text AS col, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(s.relname) AS seq, q.seqincrement::text AS step,
       pg_catalog.pg_has_role(s.relowner, 'USAGE')::text AS owned, q.seqmin::text AS low, q.seqmax::text AS high
     FROM (SELECT objid AS seq, refobjsubid AS num FROM pg_catalog.pg_depend WHERE classid = 'pg_catalog.pg_class'::regclass
             AND refclassid = 'pg_catalog.pg_class'::regclass AND refobjid = $1::text::regclass AND deptype IN ('a', 'i')
           UNION SELECT d.refobjid, f.adnum FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_depend d
             ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
             WHERE f.adrelid = $1::text::regclass) AS feeds
     JOIN pg_catalog.pg_class s ON s.oid = feeds.seq AND s.relkind = 'S' JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
     JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
     JOIN pg_catalog.pg_attribute a ON a.attrelid = $1::text::regclass AND a.attnum = feeds.num
     JOIN pg_catalog.pg_type y ON y.oid = a.atttypid AND y.typcategory = 'N'`,
    name,
  );
  for (const sequence of found) {
    const step = String(sequence['step']);
    const down = step.charAt(0) === '-';
    const [wanted] = await rows(
      transaction,
      `SELECT (f.furthest + ${step})::text AS next FROM
         (SELECT last_value::numeric + CASE WHEN is_called THEN ${step} ELSE 0 END AS next FROM ${String(sequence['seq'])}) AS s,
         (SELECT pg_catalog.${down ? 'min' : 'max'}(${quoted(String(sequence['col']))})::numeric AS furthest FROM ${target}) AS f
       WHERE s.next ${down ? '>=' : '<='} f.furthest AND f.furthest + ${step} BETWEEN ${String(sequence['low'])} AND ${String(sequence['high'])}`,
    );
    if (wanted === undefined || !/^-?\d+$/.test(String(wanted['next']))) continue;
    const next = String(wanted['next']);
    if (sequence['owned'] === 'true') {
      await transaction.$executeRawUnsafe(`ALTER SEQUENCE ${String(sequence['seq'])} RESTART WITH ${next}`);
    } else {
      await rows(transaction, 'SELECT pg_catalog.setval($1::text::regclass, $2::text::bigint, false)::text AS v', sequence['seq'], next);
    }
  }
}

// ---- SQLite

/** A number that SQLite reads from JSON exactly: few digits, or else the fraction's bits and the exponent of two. */
function realCell(value: number): string {
  if (value === Infinity) return '9e999';
  if (value === -Infinity) return '-9e999';
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  if (Math.abs(value) < 1e15 && Math.floor(value) === value) return text + '.0';
  const digits = text.replace(/^-?0?\.?0*/, '').replace('.', '');
  if (/^-?\d+\.\d+$/.test(text) && digits.length <= 15) return text;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (high & 0xfffff) * 4294967296 + view.getUint32(4);
  const whole = exponent === 0 ? fraction : fraction + 4503599627370496;
  return `["r",${value < 0 ? '-' : ''}${whole},${Math.max(exponent, 1) - 1075}]`;
}

/** A value as it goes into the parameter. */
function sqliteCell(raw: string, column: Column, labels: Record<string, string> | undefined): string {
  if (raw === 'null') return raw;
  const real = column.kind === 'float8' || column.kind === 'float4' || column.kind === 'numeric';
  if (isWrapped(raw)) {
    const [name, value] = unwrap(raw);
    if (name === 'int') return textOf(value);
    if (name === 'real') return realCell(wordOf(textOf(value)));
    if (name === 'text64') return `["t","${hexOf(textOf(value))}"]`;
    if (name === 'blob') return `["b","${hexOf(textOf(value))}"]`;
    return name === 'json' ? JSON.stringify(value) : value;
  }
  const first = raw.charCodeAt(0);
  if (column.kind === 'json' || column.kind === 'jsonb') return JSON.stringify(raw);
  if (raw === 'true') return '1';
  if (raw === 'false') return '0';
  if (first !== 34) {
    if (column.kind === 'float4') return realCell(Math.fround(Number(raw)));
    return column.kind === 'float8' || (real && /[.eE]/.test(raw)) ? realCell(Number(raw)) : raw;
  }
  if (labels !== undefined) {
    const text = textOf(raw);
    return Object.prototype.hasOwnProperty.call(labels, text) ? JSON.stringify(labels[text]) : raw;
  }
  if (column.kind === 'bigint') return textOf(raw);
  if (column.kind === 'bytes') return `["b","${hexOf(textOf(raw))}"]`;
  return column.kind === 'float8' || column.kind === 'float4' ? realCell(wordOf(textOf(raw))) : raw;
}

function wordOf(text: string): number {
  return text === '-0' ? -0 : Number(text);
}

/** ` * 2 ^ exponent` in SQL, each step of it exact: by the bits of the exponent, which is between -1074 and 971. */
function powerSteps(exponent: string): string {
  const powers = ['2.0', '4.0', '16.0', '256.0', '65536.0', '4294967296.0'];
  while (powers.length < 10) {
    const half = powers[powers.length - 1] as string;
    powers.push(`(${half} * ${half})`);
  }
  const up = powers.map((power, bit) => ` * CASE WHEN ${exponent} > 0 AND ${exponent} & ${1 << bit} THEN ${power} ELSE 1.0 END`);
  const down = powers.map((power, bit) => ` / CASE WHEN ${exponent} < 0 AND -${exponent} & ${1 << bit} THEN ${power} ELSE 1.0 END`);
  const far = ` / CASE WHEN -${exponent} >= 1024 THEN ${powers[9] as string} ELSE 1.0 END`;
  return up.join('') + down.join('') + far + far;
}

function sqlite(plan: Plan, transaction: Transaction): Dialect {
  const { table, columns, key } = plan;
  const name = `main.${quoted(table.name)}`;
  const staged = 'temp.dbsnap_restore';
  const column = (position: number): string => `c${position}`;
  const live = (position: number): string => quoted((columns[position] as Column).name);
  const matches = key.map((position) => `t.${live(position)} = s.${column(position)}`).join(' AND ');
  const same = columns
    .map((_, position) => `(t.${live(position)} COLLATE BINARY) IS s.${column(position)} AND typeof(t.${live(position)}) = typeof(s.${column(position)})`)
    .join(' AND ');
  const keyText = key.length === 0 ? "'record ' || s.n" : key.map((position) => `CAST(s.${column(position)} AS TEXT)`).join(" || ', ' || ");
  const named = `SELECT ${keyText} AS key FROM ${staged} AS s WHERE s.n = `;
  // Without a key: rows as their text, equal ones numbered, so that each copy has its own.
  const rowText = (alias: string, of: (position: number) => string): string =>
    columns
      .map((_, position) => `${alias}.${of(position)}`)
      .map((value) => `typeof(${value}) || CASE WHEN typeof(${value}) = 'text' THEN hex(${value}) WHEN ${value} = 0 THEN '0' ELSE quote(${value}) END`)
      .join(" || ',' || ");
  const copies = (from: string, n: string): string =>
    `(SELECT x.*, row_number() OVER (PARTITION BY x.body${n}) AS copy FROM (SELECT ${from}) AS x)`;
  const stagedCopies = copies(`s.n, ${rowText('s', column)} AS body FROM ${staged} AS s`, ' ORDER BY x.n');
  const liveCopies = copies(`${rowText('t', live)} AS body FROM ${name} AS t`, '');
  const sameCopy = 't.body = s.body AND t.copy = s.copy';
  const cellOf = (position: number): string => {
    const path = `'$[${position}]'`;
    const part = (at: number): string => `json_extract(r.value, '$[${position}][${at}]')`;
    const real = `CAST(${part(1)} AS REAL)${powerSteps(part(2))}`;
    return (
      `CASE WHEN json_type(r.value, ${path}) = 'array' THEN CASE ${part(0)} WHEN 'b' THEN unhex(${part(1)}) ` +
      `WHEN 't' THEN CAST(unhex(${part(1)}) AS TEXT) ELSE ${real} END ELSE json_extract(r.value, ${path}) END`
    );
  };
  const encodings = plan.metadata.encodings ?? {};
  const plain = (one: Column, position: number): boolean =>
    ['int', 'bigint', 'text', 'uuid', 'bool', 'json', 'jsonb', 'enum'].indexOf(one.kind) !== -1 && encodings[plan.fields[position] as string] === undefined;
  const fill =
    `INSERT INTO ${staged} SELECT json_extract(r.value, '$[${columns.length}]'), ` +
    `${columns.map((one, position) => (plain(one, position) ? `json_extract(r.value, '$[${position}]')` : cellOf(position))).join(', ')} FROM json_each(?) AS r`;
  return {
    begin: async () => {
      const found = await rows(
        transaction,
        "SELECT name, type, CASE WHEN hidden IN (2, 3) THEN 'generated' ELSE '' END AS generated FROM pragma_table_xinfo(?)",
        table.name,
      );
      compareColumns(plan, found, (type, one) => type.toUpperCase() === one.type.toUpperCase());
      await transaction.$executeRawUnsafe('PRAGMA defer_foreign_keys = ON');
      // The engine may be one that keeps what is temporary in memory.
      await transaction.$executeRawUnsafe('PRAGMA temp_store = FILE');
      await transaction.$executeRawUnsafe('DROP TABLE IF EXISTS temp.dbsnap_restore');
      await transaction.$executeRawUnsafe(`CREATE TEMP TABLE dbsnap_restore (n INTEGER PRIMARY KEY, ${columns.map((_, position) => column(position)).join(', ')})`);
      if (key.length > 0) await transaction.$executeRawUnsafe(`CREATE INDEX temp.dbsnap_restore_key ON dbsnap_restore (${key.map(column).join(', ')})`);
    },
    cell: (raw, position) => sqliteCell(raw, columns[position] as Column, plan.enums[position]),
    stage: async (batch) => {
      await transaction.$executeRawUnsafe(fill, batch);
    },
    ...(key.length > 0
      ? { matches, same, isAbsent: `t.${live(key[0] as number)} IS NULL`, target: name, staged }
      : { matches: sameCopy, same: 'true', isAbsent: 't.copy IS NULL', target: liveCopies, staged: stagedCopies }),
    column,
    named,
    prepare: async () => undefined,
    write: async () => {
      const set = columns.map((_, position) => `${live(position)} = s.${column(position)}`).join(', ');
      const values = columns.map((_, position) => `s.${column(position)}`).join(', ');
      const insert = `INSERT INTO ${name} (${columns.map((_, position) => live(position)).join(', ')}) SELECT ${values} FROM ${staged} AS s`;
      if (key.length === 0) {
        const missing = `SELECT s.n FROM ${stagedCopies} AS s LEFT JOIN ${liveCopies} AS t ON ${sameCopy} WHERE t.copy IS NULL`;
        const put = (range: string): Promise<number> => transaction.$executeRawUnsafe(`${insert} WHERE s.n IN (${missing})${range} ORDER BY s.n`);
        return attempt(plan, transaction, named, put, async () => false);
      }
      const absent = `NOT EXISTS (SELECT 1 FROM ${name} AS t WHERE ${matches})`;
      const inPlace = async (range: string): Promise<void> => {
        await transaction.$executeRawUnsafe(`UPDATE ${name} AS t SET ${set} FROM ${staged} AS s WHERE ${matches} AND NOT (${same})${range}`);
        await transaction.$executeRawUnsafe(`${insert} WHERE ${absent}${range} ORDER BY s.n`);
      };
      await attempt(plan, transaction, named, inPlace, async () => {
        const acting = await countOf(
          transaction,
          `SELECT CAST(count(*) AS TEXT) AS found FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
           WHERE m.type = 'table' AND lower(f."table") = lower(?) AND f.on_delete NOT IN ('NO ACTION')`,
          table.name,
        );
        if (acting > 0) return false;
        await transaction.$executeRawUnsafe(
          `DELETE FROM ${name} AS t WHERE EXISTS (SELECT 1 FROM ${staged} AS s WHERE ${matches} AND NOT (${same}))`,
        );
        await transaction.$executeRawUnsafe(`${insert} WHERE ${absent} ORDER BY s.n`);
        return true;
      });
    },
    finish: async () => {
      await transaction.$executeRawUnsafe('DROP TABLE temp.dbsnap_restore');
    },
  };
}

// ---- the work

interface Counts {
  created: number;
  updated: number;
  unchanged: number;
}

/** Says how far the work is: on a terminal, and only there. */
function progress(what: string, done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(done < all ? `\r${what} ${done} of ${all}` : '\r\u001b[K');
}

/** Node.js lets garbage grow to several times what is in use; called now and then, this keeps memory flat however long the file. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('typeof gc === "function" ? gc : undefined');
  return typeof collect === 'function' ? (collect as () => void) : () => undefined;
}

/** Puts every record of the file into the staging table, with its number. */
async function stageAll(file: FileHandle, plan: Plan, transaction: Transaction, dialect: Dialect, isList: boolean): Promise<void> {
  let batch: string[] = [];
  let bytes = 0;
  let last = 0;
  let sent = 0;
  const collect = collector();
  const send = async (records: string[]): Promise<void> => {
    await dialect.stage('[' + records.join(',') + ']');
  };
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await transaction.$executeRawUnsafe('SAVEPOINT dbsnap_stage');
    try {
      await send(batch);
    } catch (error) {
      let rest = batch;
      let before = last - batch.length;
      let reason = error;
      while (rest.length > 1) {
        const half = rest.slice(0, rest.length >> 1);
        await transaction.$executeRawUnsafe('ROLLBACK TO SAVEPOINT dbsnap_stage');
        try {
          await send(half);
          rest = rest.slice(half.length);
          before += half.length;
        } catch (again) {
          reason = again;
          rest = half;
        }
      }
      throw new Failed(`record ${before + 1}`, reason);
    }
    await transaction.$executeRawUnsafe('RELEASE SAVEPOINT dbsnap_stage');
    sent += 1;
    if ((sent & (COLLECT_EVERY - 1)) === 0) collect();
    progress('Reading record', last, plan.metadata.recordCount);
    batch = [];
    bytes = 0;
  };
  await readBackup(file, (record, number) => {
    const values = splitRecord(record, plan.fields, plan.keys, number);
    const cells = values.map((value, position) => dialect.cell(value, position)).join(',');
    batch.push(isList ? `[${cells},${number}]` : `{"n":"${number}",${cells}}`);
    bytes += cells.length;
    last = number;
    return bytes >= BATCH_BYTES || batch.length >= BATCH_RECORDS ? flush() : undefined;
  });
  await flush();
}

async function countOf(transaction: Transaction, sql: string, ...values: unknown[]): Promise<number> {
  const [found] = await rows(transaction, sql, ...values);
  return Number(found?.['found']);
}

async function countAll(plan: Plan, transaction: Transaction, dialect: Dialect): Promise<Counts> {
  const { staged, target, matches, same, isAbsent, key, column } = { ...dialect, key: plan.key };
  const parts = key.map((position) => `d.${column(position)}`).join(', ');
  const first = `SELECT min(d.n) FROM ${staged} AS d GROUP BY ${parts} HAVING count(*) > 1 LIMIT 1`;
  const twice = key.length === 0 ? [] : await rows(transaction, `${dialect.named}(${first})`);
  if (twice.length > 0) {
    throw new Refusal(`The backup file holds two records with the key ${shown(String(twice[0]?.['key']))}. Nothing was changed.`);
  }
  const [found] = await rows(
    transaction,
    `SELECT CAST(coalesce(sum(CASE WHEN ${isAbsent} THEN 1 ELSE 0 END), 0) AS TEXT) AS created,
       CAST(coalesce(sum(CASE WHEN NOT (${isAbsent}) AND ${same} THEN 1 ELSE 0 END), 0) AS TEXT) AS unchanged
     FROM ${staged} AS s LEFT JOIN ${target} AS t ON ${matches}`,
  );
  const created = Number(found?.['created']);
  const unchanged = Number(found?.['unchanged']);
  return { created, unchanged, updated: plan.metadata.recordCount - created - unchanged };
}

/** Staged records that the table does not hold as they are. */
function differing(dialect: Dialect, what: string): string {
  return `SELECT ${what} FROM ${dialect.staged} AS s LEFT JOIN ${dialect.target} AS t ON ${dialect.matches} WHERE ${dialect.isAbsent} OR NOT (${dialect.same})`;
}

/** A value of a record as Prisma's client takes it. */
function toPrisma(value: unknown, column: Column, nulls: Nulls): unknown {
  if (column.kind === 'json' || column.kind === 'jsonb') {
    if (column.array === true) {
      const element = { name: column.name, type: '', kind: column.kind };
      return Array.isArray(value) ? value.map((one: unknown) => toPrisma(one, element, nulls)) : value;
    }
    if (value === null) return nulls.DbNull;
    if (typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length === 1 && '$json' in value) {
      return value.$json === null ? nulls.JsonNull : value.$json;
    }
  }
  return value;
}

function whereOf(plan: Plan, record: Fields): Fields {
  const key = plan.metadata.key ?? [];
  if (key.length === 1) return { [key[0] as string]: record[key[0] as string] };
  const together: Fields = {};
  for (const field of key) together[field] = record[field];
  return { [plan.metadata.keyName ?? key.join('_')]: together };
}

/** The records in an order in which each stands after those of this table that it refers to. */
function parentsFirst(plan: Plan, records: [number, Fields][]): [number, Fields][] {
  if (plan.self.length === 0) return records;
  const fieldAt = (position: number): string => plan.fields[position] as string;
  const ordered: [number, Fields][] = [];
  const state: Record<number, number> = {};
  const indexes = plan.self.map((pairs) => {
    const index: Record<string, number> = Object.create(null) as Record<string, number>;
    records.forEach(([, record], at) => {
      index[JSON.stringify(pairs.map(([, to]) => record[fieldAt(to)]))] = at;
    });
    return index;
  });
  for (let start = 0; start < records.length; start += 1) {
    const path = [start];
    while (path.length > 0) {
      const at = path[path.length - 1] as number;
      const [, record] = records[at] as [number, Fields];
      const parents =
        state[at] === undefined
          ? plan.self.map((pairs, which) => indexes[which]?.[JSON.stringify(pairs.map(([from]) => record[fieldAt(from)]))])
          : [];
      const first = state[at] === undefined;
      state[at] = state[at] ?? 1;
      const waiting = first ? parents.filter((parent): parent is number => parent !== undefined && state[parent] === undefined) : [];
      if (waiting.length > 0) {
        path.push(...waiting);
      } else {
        path.pop();
        if (state[at] !== 2) ordered.push(records[at] as [number, Fields]);
        state[at] = 2;
      }
    }
  }
  return ordered;
}

/** Calls `write` for each record that differs, parents first. */
async function upsertAll(
  file: FileHandle,
  plan: Plan,
  transaction: Transaction,
  dialect: Dialect,
  nulls: Nulls,
  upsert: (record: Upsert) => Promise<unknown>,
): Promise<void> {
  const model = plan.metadata.model as string;
  const delegate = (transaction as unknown as Record<string, Delegate | undefined>)[model];
  if (typeof delegate?.upsert !== 'function') {
    throw new Refusal(`Prisma's client has no model ${model}: it was renamed or removed since the backup. Nothing was changed; --bulk writes to the table itself.`);
  }
  const wanted: Record<number, true> = {};
  const found = await rows(transaction, differing(dialect, 'CAST(s.n AS TEXT) AS n'));
  found.forEach((one) => {
    wanted[Number(one['n'])] = true;
  });
  const select: Record<string, true> = {};
  for (const field of plan.metadata.key ?? []) select[field] = true;
  let done = 0;
  const write = async (number: number, record: Fields): Promise<void> => {
    plan.fields.forEach((field, position) => {
      record[field] = toPrisma(record[field], plan.columns[position] as Column, nulls);
    });
    try {
      await upsert({ model: delegate, where: whereOf(plan, record), record, select });
    } catch (error) {
      throw new Failed((plan.metadata.key ?? []).map((field) => String(record[field])).join(', ') || `record ${number}`, error);
    }
    done += 1;
    progress('Writing record', done, found.length);
  };
  const held: [number, Fields][] = [];
  await readBackup(file, (line, number) => {
    if (wanted[number] !== true) return undefined;
    const record = JSON.parse(line) as Fields;
    if (plan.self.length === 0) return write(number, record);
    held.push([number, record]);
    return undefined;
  });
  for (const [number, record] of parentsFirst(plan, held)) await write(number, record);
}

function option(name: string): boolean {
  return process.argv.indexOf(name) !== -1;
}

const HELP = `Options:
  --restore            restore the records (otherwise a dry run)
  --upsert             write through prisma.<model>.upsert, record by record
  --bulk               write in bulk, by SQL through the same client (default from 10,000 records on, or where a value needs it)
  --other-database     allow a database other than the one the backup was taken from
  --allow-remote       allow a database on another machine
  --allow-production   allow NODE_ENV=production
  --timeout=SECONDS    limit of the transaction (default 600, and a second more for each MB)
  --help               show this list`;
const FLAGS = ['--restore', '--upsert', '--bulk', '--other-database', '--allow-remote', '--allow-production'];

function checkArguments(): number | undefined {
  let seconds: number | undefined;
  for (const argument of process.argv.slice(2)) {
    const timeout = /^--timeout=(\d{1,7})$/.exec(argument);
    if (timeout !== null) seconds = Number(timeout[1]);
    else if (FLAGS.indexOf(argument) === -1) {
      throw new Refusal(`Unknown option ${shown(argument)}. Use --help for a list.`);
    }
  }
  return seconds;
}

function backupPath(): string {
  const script = resolve(process.argv[1] ?? '');
  const name = basename(script).replace(/\.[cm]?[jt]s$/, '');
  if (!/_restore$/.test(name)) throw new Refusal('The name of this script must end in _restore.ts.');
  const path = join(dirname(script), name.replace(/_restore$/, '') + '.json');
  if (!existsSync(path)) throw new Refusal(`The backup file ${shown(path)} is not there: keep it beside this script.`);
  return path;
}

/** Refuses a file that stands under the name of another table's backup. */
function checkName(path: string, metadata: Metadata): void {
  const stem = basename(path, '.json').replace(/^backup_\d{8}_\d{6}_/, '');
  const { table } = metadata;
  const isPlain = /^[\w-]+(\.[\w-]+)?$/.test(table) && !/^-|-[0-9a-f]{8}$/.test(table) && table.length <= 100;
  if (isPlain && stem !== table && !(stem.indexOf(table + '_') === 0 && /^\d+$/.test(stem.slice(table.length + 1)))) {
    throw new Refusal(`This is a backup of ${shown(table)}, not of what its name says. Nothing was changed.`);
  }
}

/** A backup file that was read and found whole, and the database that it goes to. */
export class Backup {
  /** What the client is given. */
  readonly url: string;
  /** The table's schema in PostgreSQL. */
  readonly schema: string;
  readonly isDryRun = !option('--restore');
  readonly transactionOptions: { timeout: number; maxWait: number };
  private readonly started = Date.now();
  private readonly file: FileHandle;
  private readonly plan: Plan;
  private readonly target: Target;
  private counts: Counts = { created: 0, updated: 0, unchanged: 0 };
  private work: { transaction: Transaction; dialect: Dialect } | undefined;

  constructor(file: FileHandle, plan: Plan, target: Target, timeout: number) {
    this.file = file;
    this.plan = plan;
    this.target = target;
    this.url = target.url;
    this.schema = plan.table.schema ?? 'public';
    this.transactionOptions = { timeout, maxWait: 10_000 };
  }

  /** How records are written: `prisma.<model>.upsert` or `bulk`. */
  get method(): string {
    return this.plan.upsert ? `prisma.${this.plan.metadata.model as string}.upsert` : 'bulk';
  }

  /** What was done, in one line. */
  get summary(): string {
    const { created, updated, unchanged } = this.counts;
    const seconds = ((Date.now() - this.started) / 1000).toFixed(1);
    return `${created} created, ${updated} updated, ${unchanged} unchanged, 0 failed (by ${this.method}, ${seconds} s)`;
  }

  /** Loads Prisma's client or, if a package is named, a driver adapter. */
  async load(loading: () => Promise<unknown>, name: string, driver?: string): Promise<Module> {
    const generate = 'run `npm install @prisma/client` and `npx prisma generate`; if the project or its schema has moved, export the backup again';
    return load(loading, name, driver ?? "Prisma's client", driver === undefined ? generate : `install it with \`npm install ${driver}\``);
  }

  /** Makes the client. */
  connect(make: () => unknown): Client {
    try {
      return make() as Client;
    } catch (error) {
      throw new Refusal(`Prisma's client cannot be made: ${shown(messageOf(error))}\nNothing was changed.`);
    }
  }

  /** Reads the records into a temporary table and counts what differs from the table. */
  async compare(transaction: Transaction): Promise<Counts> {
    const isList = this.target.engine === 'sqlite';
    const dialect = isList ? sqlite(this.plan, transaction) : postgres(this.plan, transaction);
    this.work = { transaction, dialect };
    await dialect.begin(!this.isDryRun);
    await stageAll(this.file, this.plan, transaction, dialect, isList);
    await dialect.prepare();
    this.counts = await countAll(this.plan, transaction, dialect);
    return this.counts;
  }

  private begun(): { transaction: Transaction; dialect: Dialect } {
    if (this.work === undefined || this.isDryRun) throw new Refusal('Nothing was compared yet, or this is a dry run.');
    return this.work;
  }

  /** Calls `upsert` for each record that differs, parents first. Unless --upsert was given, bulk takes over where one fails. */
  async forEachRecord(nulls: Nulls, upsert: (record: Upsert) => Promise<unknown>): Promise<void> {
    const { transaction, dialect } = this.begun();
    await transaction.$executeRawUnsafe('SAVEPOINT dbsnap_upsert');
    try {
      await upsertAll(this.file, this.plan, transaction, dialect, nulls, upsert);
    } catch (error) {
      if (!(error instanceof Failed) || !this.plan.both) throw error;
      console.log(`Prisma's upsert of ${shown(error.key)} failed (${shown(error.message)}): writing in bulk.`);
      await transaction.$executeRawUnsafe('ROLLBACK TO SAVEPOINT dbsnap_upsert');
      await dialect.write();
    }
  }

  /** Writes in bulk what differs still; fails unless every record then is in the table exactly as in the file. */
  async finish(): Promise<void> {
    const { transaction, dialect } = this.begun();
    const { plan } = this;
    const differences = async (): Promise<number> => countOf(transaction, differing(dialect, 'CAST(count(*) AS TEXT) AS found'));
    if (!plan.upsert) await dialect.write();
    let left = await differences();
    if (left > 0 && plan.upsert && plan.both) {
      console.log(`${counted(left, 'record')} came out different through Prisma's upsert: written in bulk.`);
      await dialect.write();
      left = await differences();
    }
    if (left > 0) {
      const advice = plan.upsert ? 'Leave --upsert out' : 'Does a trigger or a rule change them? Use `dbsnap restore`';
      throw new Refusal(`${counted(left, 'record')} would not be as in the backup. Nothing was changed. ${advice}.`);
    }
    await dialect.finish();
  }

  /** The reason of a failure, in words. */
  explain(error: unknown): Error {
    if (error instanceof Failed) return new Refusal(`1 failed, nothing was changed: ${shown(error.key)}: ${shown(error.message)}`);
    return error instanceof Refusal ? error : new Refusal(`Nothing was changed: ${shown(messageOf(error))}`);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Reads and checks the backup file of this script, and finds its database; undefined after --help. */
export async function openBackup(options: Options): Promise<Backup | undefined> {
  if (option('--help') || option('-h')) {
    console.log(HELP);
    return undefined;
  }
  // Before the client is loaded: what is short-lived then stays in the little room that it begins with.
  setFlagsFromString('--semi-space-growth-factor=1');
  const seconds = checkArguments();
  const path = backupPath();
  const file = await open(path, 'r');
  try {
    return await backupIn(file, path, seconds, options);
  } catch (error) {
    await file.close();
    throw error instanceof Refusal ? error : new Refusal(`Nothing was changed: ${shown(messageOf(error))}`);
  }
}

async function backupIn(file: FileHandle, path: string, seconds: number | undefined, options: Options): Promise<Backup> {
  const exported = resolve(dirname(path), options.project);
  const root = existsSync(join(exported, 'package.json')) || existsSync(join(exported, '.dbsnap')) ? exported : projectRoot(dirname(path));
  const { size } = await file.stat();
  const [url, origin, folder] = databaseUrl(root, options);
  const metadata = await readBackup(file, () => undefined);
  checkName(path, metadata);
  const folders = [...options.sqliteFolders.map((one) => resolve(root, one)), folder];
  const target = describeTarget(url, options.urlVariable, folders, metadata.schema?.table.schema ?? 'public');
  const filter = metadata.filterApplied === null ? '' : `, only ${shown(metadata.filterApplied)}`;
  console.log(`Backup of ${shown(metadata.table)}, taken ${shown(metadata.createdAt)}${filter}; checksum OK.`);
  console.log(`Restoring ${counted(metadata.recordCount, 'record')} to ${shown(metadata.table)} in ${target.label} (${shown(origin)})`);
  if (metadata.engine !== undefined && metadata.engine !== target.engine) {
    throw new Refusal(`The backup is of ${shown(metadata.engine)}, the database is ${target.engine}.`);
  }
  if (!target.local && !option('--allow-remote')) {
    throw new Refusal('The database is not on this machine. Use --allow-remote to restore into it.');
  }
  if (process.env['NODE_ENV'] === 'production' && !option('--allow-production')) {
    throw new Refusal('NODE_ENV is "production". Use --allow-production to restore all the same.');
  }
  if (target.file !== undefined && metadata.source !== undefined && !option('--other-database')) {
    const source = resolve(root, metadata.source.database);
    if (real(source) !== real(target.file)) throw otherDatabase(source, target.file);
  }
  return new Backup(file, planOf(metadata, size), target, (seconds ?? 600 + Math.ceil(size / (1 << 20))) * 1000);
}
