/** Options of every function. */
export interface Options {
  /** The directory to run in: the project or one below it. Default: the current one. */
  cwd?: string;
  /** Database URL. Default: where `dbsnap` finds it (`DATABASE_URL`, `.env`, Prisma's configuration). */
  url?: string;
  /** The store's directory. Default: `.dbsnap` in the project. */
  store?: string;
  /** Variables that are added to the environment; `undefined` takes one away. */
  env?: Record<string, string | undefined>;
  /**
   * Asks dbsnap to stop (SIGTERM); the promise is rejected with kind `interrupted` when it has. `run` passes it on to
   * the command, and reports what that did until then.
   */
  signal?: AbortSignal;
  /** Show what dbsnap prints to stderr. Default: false. */
  verbose?: boolean;
}

/** Options of what can be planned first. */
export interface Planned {
  /** Only plan: the report has a `digest`, and nothing is changed. */
  dryRun?: boolean;
  /** Apply just the plan with this digest, or fail with kind `plan_changed`. */
  digest?: string;
}

/** What guards a restore, and is lifted by these. */
export interface Guards {
  /** Allow foreign keys to delete or change rows in other tables. */
  cascade?: boolean;
  /** Allow foreign keys that refer to missing rows (SQLite). */
  allowDangling?: boolean;
  /** Allow a database on another host. */
  remote?: boolean;
  /** Allow it under `NODE_ENV=production`. */
  production?: boolean;
}

/** A plan's identity, and what it was asked. */
export interface Plan {
  /** What `digest` applies. */
  digest: string;
  options: Record<string, unknown>;
  dryRun: true;
  applied: false;
  /** Why it would be refused, as far as that is known. */
  refused?: string;
}

/** A value as an export has it. */
export type Json = null | boolean | number | string | Json[] | { [field: string]: Json };

/** Rows that differ from another snapshot. */
export interface TableChange {
  /** The id of the snapshot compared with. */
  since: string;
  added: number;
  changed: number;
  removed: number;
}

export interface InitReport {
  /** The store's directory. */
  store: string;
  /** Whether it was there already. */
  existed: boolean;
}

export interface ListedTable {
  table: string;
  /** The Prisma model. */
  model: string | null;
  /** Rows, estimated by the database. */
  rows: number | null;
  bytes: number | null;
  /** The columns of the key; empty in a table without one. */
  key: string[];
  keySource: "primary key" | "unique index" | "no key";
  /** Tables that foreign keys refer to. */
  refersTo: string[];
  /** Tables that deletes cascade to. */
  deletesReach: string[];
  /** The partitioned table that it is a part of. */
  partitionOf: string | null;
  /** Columns that the database computes; a snapshot does not have them. */
  generated: string[];
  note: string | null;
  /** Why it cannot be snapshotted. */
  refusal: string | null;
}

export interface TablesReport {
  database: string;
  tables: ListedTable[];
  /** What is not captured: views, foreign tables and so on. */
  notCaptured: string[];
}

export interface SnapOptions extends Options {
  message?: string;
  /** All tables of the database. */
  all?: boolean;
  /** Leave out these tables: names or patterns. */
  exclude?: string | string[];
  /** Only rows for which this holds; one table only. */
  where?: string;
  /** Also the tables that deletes would cascade to. */
  cascade?: boolean;
  /** Write the export files, too. */
  export?: boolean;
}

export interface SnappedTable {
  table: string;
  /** Its backup id. */
  backup: string;
  filter?: string;
  sourceRows: number;
  rows: number;
  bytes: number;
  root: string;
  leaves: number;
  newLeaves: number;
  change: TableChange | null;
}

export interface ExportedTable {
  table: string;
  backup: string;
  /** The JSON file. */
  json: string;
  /** The restore script. */
  script: string;
  records: number;
  bytes: number;
  checksum: string;
}

export interface SnapReport {
  id: string;
  createdAt: string;
  message: string;
  tables: SnappedTable[];
  /** Bytes by which the store grew. */
  addedBytes: number;
  seconds: number;
  export: { id: string; manifest: string; tables: ExportedTable[] } | null;
}

export interface SnapPlan extends Plan {
  database: string;
  urlOrigin: string;
  tables: {
    table: string;
    rows: number | null;
    counted: boolean;
    bytes: number | null;
    strategy: "full" | "batches" | "large";
    filter: string | null;
  }[];
  /** Tables that deletes would cascade to and that are not in the plan. */
  takenAlong: { table: string; refersTo: string; onDelete: string; byPrisma?: boolean }[];
  leftOut?: string;
  estimatedSeconds: number;
}

export interface LogOptions extends Options {
  /** Only snapshots of this table. */
  table?: string;
  /** At most this many. */
  limit?: number;
  /** Only snapshots taken since then: a date, a time, or an age such as `2d`. */
  since?: string;
  /** Only snapshots whose message contains this. */
  grep?: string;
  /** Only snapshots by this user, agent or session. */
  actor?: string;
  /** Deleted snapshots that can still be brought back. */
  deleted?: boolean;
}

export interface LoggedSnapshot {
  id: string;
  createdAt: string;
  /** `safety`: a restore took it before it wrote. */
  kind: "snapshot" | "safety";
  message: string;
  user: string | null;
  agent: string | null;
  session?: string;
  command?: string[];
  /** The run of a command before or after which it was taken. */
  run?: {
    command: string[];
    /** Of the snapshot after it. */
    ended?: { before: string; startedAt: string; endedAt: string; exitCode?: number; signal?: number };
  };
  git: { branch?: string; commit?: string } | null;
  database: string;
  tables: {
    table: string;
    backup: string;
    rows: number;
    bytes: number;
    filter: string | null;
    change: TableChange | null;
  }[];
  rows: number;
  addedBytes: number;
  pinned: boolean;
  pinReason?: string;
  tags: string[];
  /** Of a deleted snapshot that can still be brought back. */
  deletion?: { at: string; until: string; byRetention: boolean };
}

export interface LogReport {
  /** Newest first. */
  snapshots: LoggedSnapshot[];
  /** How many there are in the store, listed or not. */
  total: number;
  /** Manifests that cannot be read: id and reason. */
  unreadable: [string, string][];
  /** Tags and pins that cannot be read. */
  damagedRefs?: string[];
}

/** The name of a table. */
export interface TableName {
  /** PostgreSQL's schema. */
  schema?: string;
  name: string;
}

/** The schema of a table: docs/FORMAT.md, section 5. */
export interface TableSchema {
  table: TableName;
  columns: {
    name: string;
    type: string;
    kind: string;
    array?: boolean;
    nullable: boolean;
    default?: string;
    identity?: "always" | "by_default";
    collation?: string;
  }[];
  generated?: { name: string; type: string; generated: "stored" | "virtual"; expression?: string }[];
  /** `rows`: nothing tells its rows apart. */
  key:
    | "rows"
    | { columns: { source: "primary" | { unique: string }; columns: { column: number; order: string }[] } };
  foreign_keys?: {
    name?: string;
    columns: string[];
    table: TableName;
    references: string[];
    on_delete: string;
    on_update: string;
    deferrable?: boolean;
  }[];
  unique?: { name: string; columns: string[]; conditional?: boolean }[];
}

export interface ShowReport {
  snapshot: LoggedSnapshot;
  /** The database's engine, version and name. */
  source: string;
  /** The id of the snapshot before. */
  parent: string | null;
  /** The table, if one was named. */
  table: {
    schema: TableSchema;
    fields: string[];
    root: string | null;
    partitions?: string[];
    rows: number;
    sample: Record<string, Json>[];
    /** Why its rows cannot be shown. */
    rowsHidden?: string;
  } | null;
  /** The row, if one was named. */
  row: Record<string, Json> | null;
}

export interface StatusOptions extends Options {
  /** Only these tables. */
  tables?: string | string[];
}

export interface StatusReport {
  database: string;
  tables: {
    table: string;
    status: "unchanged" | "changed" | "noSnapshot" | "gone" | "refused";
    added: number;
    changed: number;
    removed: number;
    rows: number | null;
    schemaChanges: string[];
    /** The id of its latest snapshot. */
    snapshot: string | null;
    createdAt: string | null;
    message: string | null;
    notes: string[];
    /** `mark`: the database proves that nothing has changed, and the table was not read. */
    knownBy?: "mark";
    filter?: string;
    lastFull?: string;
  }[];
  different: boolean;
}

export interface DiffOptions extends Options {
  /** The older side. Default: the latest snapshot of each table. */
  from?: string;
  /** The newer side. Default: the live database. */
  to?: string;
  /** Only these tables. */
  tables?: string | string[];
  exclude?: string | string[];
  /** Only rows whose old or new version matches. */
  where?: string;
  /** At most this many rows of each table; all are counted. */
  limit?: number;
  /** Swap the sides. */
  swap?: boolean;
  /** Only counts, no rows. */
  stat?: boolean;
  /** Only which tables differ. */
  nameOnly?: boolean;
}

export interface DiffSide {
  /** `live`, `latest` or a snapshot's short id. */
  name: string;
  id: string | null;
  message: string | null;
  createdAt: string | null;
  database: string | null;
}

export interface DiffRow {
  op: "added" | "changed" | "removed";
  /** Its key, by field; absent in a table without a key. */
  key?: Record<string, Json>;
  /** Copies that were added or removed, in a table without a key. */
  count?: number;
  /** The whole row, if it was added or removed. */
  row?: Record<string, Json>;
  /** The values that changed, by field. */
  cells?: Record<string, { old: Json; new: Json }>;
}

export interface TableDiff {
  table: string;
  state: "same" | "changed" | "onlyOld" | "onlyNew" | "unlike";
  from: string | null;
  to: string | null;
  added: number;
  changed: number;
  removed: number;
  oldRows: number | null;
  newRows: number | null;
  key: string[];
  schemaChanges: string[];
  notes: string[];
  filter?: string;
  lastFull?: string;
  /** Absent with `stat` and `nameOnly`. */
  rows?: DiffRow[];
}

export interface DiffReport {
  from: DiffSide;
  to: DiffSide;
  tables: TableDiff[];
  different: boolean;
}

export interface CheckOptions extends Options {
  /** What the script is written in. Default: by its name. */
  language?: "ts" | "sql" | "sh" | "py" | "rb";
}

export interface CheckReport {
  verdict: "harmless" | "unknown" | "destructive";
  tables: string[];
  findings: {
    file?: string;
    line: number;
    text: string;
    effect: "insert" | "update" | "upsert" | "delete" | "truncate" | "alter" | "drop" | "reset" | "unknown";
    tables: string[];
    /** Whether nothing limits it to some rows. */
    allRows: boolean;
    /** Why it cannot be told, if it is `unknown`. */
    reason?: string;
  }[];
  /** The files that were read. */
  files: string[];
}

export type Mode = "upsert" | "exact" | "missing";

export interface RestoreOptions extends Options, Guards {
  /** Only these tables of the snapshot. */
  tables?: string | string[];
  exclude?: string | string[];
  /** What to do with rows that differ. Default: `upsert`, which keeps rows added since. */
  mode?: Mode;
  where?: string;
  /** Only the row with this key. */
  key?: Record<string, string | number>;
  /** Write only these columns of rows that still exist. */
  columns?: string | string[];
  /** Columns that were renamed: the name in the snapshot, the name now. */
  map?: Record<string, string>;
  ignoreColumns?: string | string[];
  /** Create a new table of this name with the rows instead. */
  into?: string;
  /** Restore into another database. */
  to?: string;
  /** Allow a database other than the one the snapshot was taken from. */
  otherDatabase?: boolean;
}

export interface PlannedTable {
  table: string;
  /** Whether it is gone, and is created again. */
  created?: boolean;
  snapshotRows: number;
  liveRows: number;
  insert: number;
  update: number;
  delete: number;
  unchanged: number;
  /** Rows that differ and stay as they are in this mode. */
  left: number;
  /** Rows that were changed after the run that is undone, and stay as they are. */
  conflicts?: number;
  notes: string[];
}

/** A row that was changed after the run that is undone. */
export interface Conflict {
  table: string;
  key: string | null;
  deleted: boolean;
  /** Whether another row has its key or unique value: then it cannot be forced. */
  taken?: boolean;
  before: Record<string, Json> | null;
  after: Record<string, Json> | null;
  live: Record<string, Json> | null;
}

interface Restoring {
  /** The snapshot's id. */
  id: string;
  message: string;
  createdAt: string;
  /** The database that is written to, without its password. */
  target: string;
  mode: Mode;
  partial: boolean;
  tables: PlannedTable[];
  /** What is created, because it is gone. */
  created?: { kind: string; name: string; table?: string; sql: string[] }[];
  /** What is not created as it was, and why. */
  warnings?: string[];
  /** Whether the database is gone, and is created first. */
  createsDatabase?: boolean;
  /** Rows of other tables that foreign keys delete or change. */
  cascaded: { table: string; rows: number }[];
  run?: { after: string; argv: string[] };
  conflicts?: Conflict[];
  leftOut?: string;
  notes?: string[];
}

export interface RestorePlan extends Restoring, Plan {}

export interface RestoreReport extends Restoring {
  dryRun: false;
  /** Whether anything was written. */
  applied: boolean;
  /** The id of the safety snapshot that was taken before. */
  safety: string | null;
  seconds: number;
}

export interface UndoOptions extends Options, Guards {
  /** The restore or run to undo. Default: the last one. */
  snapshot?: string;
  /** Of a run, also undo these rows (`TABLE:KEY`), although they were changed after it. */
  force?: string | string[];
}

export interface RunOptions extends Options {
  /** The tables it may change. Default: all up to `max_table_bytes`. */
  tables?: string | string[];
  all?: boolean;
  exclude?: string | string[];
  message?: string;
  /** What to do if the command fails, or passes `maxDeleted`. Default: `keep`. */
  onFailure?: "keep" | "undo";
  /** A failure if more rows of a table are gone: a number, or a share such as `5%`. */
  maxDeleted?: number | string;
}

export interface RunReport {
  /** The command, without passwords. */
  argv: string[];
  startedAt: string;
  endedAt: string;
  /** The command's exit code; none if a signal ended it. */
  exitCode: number | null;
  /** The number of that signal. */
  signal: number | null;
  /** The id of the snapshot before the command. */
  before: string;
  /** The commands that take back what it did. */
  recovery: { kind: string; tables: string[]; argv: string[] }[];
  /** What the command printed to stdout. */
  stdout: string;
}

/** A run after which the tables were compared. */
export interface ComparedRun extends RunReport {
  error?: undefined;
  /** The id of the snapshot after it; none if nothing changed. */
  after: string | null;
  tables: {
    table: string;
    state: "unchanged" | "changed" | "schemaChanged" | "dropped";
    rowsBefore: number;
    rowsAfter: number | null;
    change: TableChange | null;
    schemaChanges: string[];
    /** Columns whose values are gone. */
    lostColumns?: string[];
  }[];
  /** Tables that the command made. */
  created: string[];
  /** Tables of which no snapshot was taken. */
  leftOut: { table: string; bytes: number }[];
  undoable: boolean;
  overlapping?: string[];
  unsettled?: string;
  /** Tables of which more rows are gone than `maxDeleted` allows. */
  tooManyDeleted: string[];
  undone?: Restoring & { applied: boolean; safety: string | null; seconds: number };
  undoError?: string;
}

/** A run after which the tables could not be compared, and why. */
export interface UncomparedRun extends RunReport {
  error: string;
}

/** What went wrong; the exit codes of the command line are listed in docs/CLI.md. */
export type ErrorKind =
  | "failed"
  | "usage"
  | "partial"
  | "refused"
  | "verification"
  | "unknown"
  | "plan_changed"
  | "no_store"
  | "locked"
  | "not_found"
  | "interrupted"
  /** There is no program for this platform, or it is not installed. */
  | "no_program"
  /** Kinds that a newer program may know. */
  | (string & {});

export class DbsnapError extends Error {
  readonly name: "DbsnapError";
  readonly kind: ErrorKind;
  /** The program's exit code; none if it gave none. */
  readonly exitCode: number | null;
  /** What to do. */
  readonly hints: string[];
}

/** Creates a store in `cwd`, or leaves the one that is there. */
export function init(options?: Options): Promise<InitReport>;

/** Lists the tables of the database. */
export function tables(options?: Options): Promise<TablesReport>;

/** Takes a snapshot of tables: names, Prisma models or patterns. */
export function snap(tables: string | string[], options: SnapOptions & Planned & { dryRun: true }): Promise<SnapPlan>;
export function snap(
  tables: string | string[],
  options?: SnapOptions & Planned & { dryRun?: false },
): Promise<SnapReport>;

/** Lists snapshots, newest first. */
export function log(options?: LogOptions): Promise<LogReport>;

/** Shows a snapshot, one of its tables (`SNAPSHOT:TABLE`) or one row (`SNAPSHOT:TABLE:KEY`). Default: `latest`. */
export function show(snapshot?: string, options?: Options): Promise<ShowReport>;

/** Compares the live tables with the latest snapshot of each. */
export function status(options?: StatusOptions): Promise<StatusReport>;

/** Shows which rows differ. */
export function diff(options?: DiffOptions): Promise<DiffReport>;

/** Tells what a script would do to the database, without running it: a file, or its text. */
export function check(script: string | { text: string }, options?: CheckOptions): Promise<CheckReport>;

/** Restores a snapshot, without asking. */
export function restore(
  snapshot: string,
  options: RestoreOptions & Planned & { dryRun: true },
): Promise<RestorePlan>;
export function restore(
  snapshot: string,
  options?: RestoreOptions & Planned & { dryRun?: false },
): Promise<RestoreReport>;

/** Undoes the last restore or run, without asking. Rows in conflict are in the report, and stay as they are. */
export function undo(options: UndoOptions & Planned & { dryRun: true }): Promise<RestorePlan>;
export function undo(options?: UndoOptions & Planned & { dryRun?: false }): Promise<RestoreReport>;

/**
 * Takes a snapshot, runs a command (the program and its arguments) with the stdin and stderr of this process, and
 * reports what it changed. A command that fails does not reject the promise: look at `exitCode`.
 */
export function run(command: string[], options?: RunOptions): Promise<ComparedRun | UncomparedRun>;

/** Runs any command of dbsnap that has `--json`, and gives its report. */
export function dbsnap(args: string[], options?: Options): Promise<unknown>;
