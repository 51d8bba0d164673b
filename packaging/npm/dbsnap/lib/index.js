"use strict";

// The commands as functions. Each runs the program with --json and gives its report. Types and documentation are in
// index.d.ts.

const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");
const { NoProgram, findProgram } = require("./program.js");

class DbsnapError extends Error {
  constructor(message, { kind, exitCode = null, hints = [], cause }) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "DbsnapError";
    this.kind = kind;
    this.exitCode = exitCode;
    this.hints = hints;
  }
}

// Options of every function, and not of a command.
const COMMON = ["cwd", "url", "store", "env", "signal", "verbose"];

// The option of the command line for each field of a function's options.
const SNAP = flags("message all exclude where cascade export dryRun digest");
const LOG = { limit: "-n", ...flags("since grep actor deleted") };
const DIFF = { swap: "-R", ...flags("exclude stat nameOnly where limit") };
const CHECK = flags("language");
const RESTORE = {
  ignoreColumns: "--ignore-column",
  ...flags("exclude mode where key columns map into to dryRun digest"),
  ...flags("cascade allowDangling otherDatabase remote production"),
};
const RUN = flags("all exclude message onFailure maxDeleted");
const UNDO = flags("force dryRun digest cascade allowDangling remote production");

function flags(names) {
  const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.fromEntries(names.split(" ").map((name) => [name, `--${kebab(name)}`]));
}

/** The arguments that `options` stand for; `known` has the flag of each option, `own` are those used otherwise. */
function given(options, known, own = []) {
  const args = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || value === false || COMMON.includes(name) || own.includes(name)) continue;
    const flag = known[name];
    if (!flag) throw new TypeError(`dbsnap: there is no option ${name}`);
    for (const one of values(name, value)) args.push(...(one === true ? [flag] : joined(flag, one)));
  }
  return args;
}

function values(name, value) {
  if (name === "columns") return [value].flat().map((column) => (column.includes(",") ? `"${column}"` : column));
  if (Array.isArray(value)) return value;
  if (typeof value === "object" && value) return Object.entries(value).map(([key, one]) => `${key}=${one}`);
  return [value];
}

function joined(flag, value) {
  if (typeof value !== "string" && typeof value !== "number") {
    throw new TypeError(`dbsnap: ${flag} needs text or a number, not ${value}`);
  }
  return flag.startsWith("--") ? [`${flag}=${value}`] : [`${flag}${value}`];
}

/** Names as arguments; one that would be read as an option is refused. */
function names(...lists) {
  const words = lists.flat().filter((word) => word !== undefined);
  for (const word of words) {
    if (typeof word !== "string") throw new TypeError(`dbsnap: a name must be text, not ${word}`);
    if (word.startsWith("-")) throw new TypeError(`dbsnap: a name cannot begin with a hyphen: ${word}`);
  }
  return words;
}

/** Runs the program; gives what it printed and how it ended. */
function execute(args, options, { input, inherit } = {}) {
  return new Promise((settle, reject) => {
    const { cwd, url, store, env, signal, verbose } = options;
    if (signal?.aborted) {
      return reject(new DbsnapError("interrupted", { kind: "interrupted", cause: signal.reason }));
    }
    // Otherwise it would look as if there were no program.
    if (cwd !== undefined && !existsSync(cwd)) {
      return reject(new DbsnapError(`there is no directory ${cwd}`, { kind: "usage" }));
    }
    const common = ["--json", ...given({ url, store }, flags("url store"))];
    const stderr = inherit || verbose ? "inherit" : "pipe";
    const stdin = inherit ? "inherit" : input === undefined ? "ignore" : "pipe";
    const child = spawn(findProgram(), [...common, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: [stdin, "pipe", stderr],
    });
    const out = [];
    const err = [];
    child.stdout.on("data", (bytes) => out.push(bytes));
    child.stderr?.on("data", (bytes) => err.push(bytes));
    // It may end without reading everything; how it ended tells more than a broken pipe.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    const stop = () => child.kill("SIGTERM");
    signal?.addEventListener("abort", stop, { once: true });
    const end = () => signal?.removeEventListener("abort", stop);
    child.on("error", (error) => {
      end();
      reject(error);
    });
    child.on("close", (code, killed) => {
      end();
      settle({ stdout: Buffer.concat(out), stderr: Buffer.concat(err), code, killed });
    });
  });
}

/** The report in the last line of stdout, and what stands before it. */
function split({ stdout }) {
  const start = stdout.lastIndexOf("\n", stdout.length - 2) + 1;
  const report = JSON.parse(stdout.subarray(start).toString());
  if (report?.version !== 1) throw new Error("its version is not 1");
  return { report, before: stdout.subarray(0, Math.max(start - 1, 0)).toString() };
}

async function call(args, options = {}, how) {
  let ended;
  try {
    ended = await execute(args, options, how);
  } catch (error) {
    if (error instanceof DbsnapError || error instanceof TypeError) throw error;
    const kind = error instanceof NoProgram ? "no_program" : "failed";
    throw new DbsnapError(`cannot run dbsnap: ${error.message}`, { kind, hints: error.hints, cause: error });
  }
  let read;
  try {
    read = split(ended);
  } catch (cause) {
    const end = ended.killed ? `killed by ${ended.killed}` : `exit code ${ended.code}`;
    const said = ended.stderr.toString().trim();
    throw new DbsnapError(`dbsnap gave no report (${end})${said ? `: ${said}` : ""}`, {
      kind: options.signal?.aborted ? "interrupted" : "failed",
      exitCode: ended.code,
      cause,
    });
  }
  const { version, command, error, ...report } = read.report;
  if (command === "error") {
    const cause = options.signal?.aborted ? options.signal.reason : undefined;
    throw new DbsnapError(error.message, { kind: error.kind, exitCode: error.exitCode, hints: error.hints, cause });
  }
  // A run that could not be compared has `error` in its report.
  return { report: error === undefined ? report : { ...report, error }, before: read.before };
}

async function report(args, options, how) {
  return (await call(args, options, how)).report;
}

/** A restore or undo is applied without a question, unless it is only planned. */
function unasked({ dryRun, digest }) {
  return dryRun || digest !== undefined ? [] : ["--yes"];
}

async function init(options = {}) {
  return report(["init", ...given(options, {})], options);
}

async function tables(options = {}) {
  return report(["tables", ...given(options, {})], options);
}

async function snap(tables, options = {}) {
  return report(["snap", ...given(options, SNAP), ...names(tables)], options);
}

async function log(options = {}) {
  return report(["log", ...given(options, LOG, ["table"]), ...names(options.table)], options);
}

async function show(snapshot = "latest", options = {}) {
  return report(["show", ...given(options, {}), ...names(snapshot)], options);
}

async function status(options = {}) {
  return report(["status", ...given(options, {}, ["tables"]), ...names(options.tables)], options);
}

async function diff(options = {}) {
  const { from, to, tables = [] } = options;
  if (to !== undefined && from === undefined) throw new TypeError("dbsnap: diff needs `from` if it has `to`");
  const args = given(options, DIFF, ["from", "to", "tables"]);
  return report(["diff", ...args, ...names(from, to), "--", ...names(tables)], options);
}

async function check(script, options = {}) {
  const file = typeof script === "string" ? script : "-";
  const input = typeof script === "string" ? undefined : script.text;
  const words = input === undefined ? names(file) : [file];
  return report(["check", ...given(options, CHECK), ...words], options, { input });
}

async function restore(snapshot, options = {}) {
  const args = [...unasked(options), ...given(options, RESTORE, ["tables"])];
  return report(["restore", ...args, ...names(snapshot, options.tables)], options);
}

async function undo(options = {}) {
  const args = [...unasked(options), ...given(options, UNDO, ["snapshot"])];
  return report(["undo", ...args, ...names(options.snapshot)], options);
}

async function run(command, options = {}) {
  const args = ["run", ...given(options, RUN, ["tables"]), ...names(options.tables)];
  const { report, before } = await call([...args, "--", ...command], options, { inherit: true });
  return { ...report, stdout: before };
}

async function dbsnap(args, options = {}) {
  given(options, {});
  return report(args, options);
}

module.exports = { DbsnapError, check, dbsnap, diff, init, log, restore, run, show, snap, status, tables, undo };
