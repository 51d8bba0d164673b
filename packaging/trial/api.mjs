// Tries the functions of the installed package in a project with a SQLite database; the directory is the project's.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { test } from "node:test";
import { join } from "node:path";

const project = process.cwd();
const { resolve } = createRequire(join(project, "package.json"));
const api = await import(resolve("dbsnap").replace(/index\.js$/, "index.mjs"));
const { DbsnapError, check, dbsnap, diff, init, log, restore, run, show, snap, status, tables, undo } = api;

function sql(text) {
  const { status, stdout, stderr } = spawnSync("sqlite3", ["dev.db", text], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** The error that a promise is rejected with. */
async function failure(promise) {
  const error = await promise.then(() => assert.fail("it did not fail"), (error) => error);
  assert.ok(error instanceof DbsnapError, `${error}`);
  return error;
}

test("require and import give the same functions", () => {
  const required = createRequire(join(project, "package.json"))("dbsnap");
  assert.deepEqual(Object.keys(required).sort(), Object.keys(api).sort());
  for (const name of Object.keys(required)) assert.equal(required[name], api[name]);
});

test("snap, damage, diff, restore, undo", async () => {
  assert.equal((await init()).existed, true);
  assert.ok((await tables()).tables.some(({ table, key }) => table === "mods" && key.join() === "id"));
  const whole = sql("SELECT count(*), sum(price) FROM mods");
  const taken = await snap("mods", { message: "--before, the script" });
  assert.equal(taken.message, "--before, the script");
  sql("DELETE FROM mods WHERE id < 10; UPDATE mods SET title = 'x' WHERE id = 10; INSERT INTO mods VALUES (0, 'new', 1)");
  assert.equal((await status()).different, true);
  const found = await diff({ limit: 1 });
  const [{ added, changed, removed, rows }] = found.tables.filter(({ table }) => table === "mods");
  assert.deepEqual({ added, changed, removed, rows: rows.length }, { added: 1, changed: 1, removed: 9, rows: 1 });
  assert.equal((await diff({ from: taken.id, to: "live", tables: "mods", stat: true })).tables[0].rows, undefined);

  const plan = await restore(taken.id, { mode: "exact", dryRun: true });
  assert.equal(plan.dryRun, true);
  const restored = await restore(taken.id, { mode: "exact", digest: plan.digest });
  assert.equal(restored.applied, true);
  assert.equal(sql("SELECT count(*), sum(price) FROM mods"), whole);
  assert.equal((await failure(restore(taken.id, { mode: "exact", digest: plan.digest }))).kind, "plan_changed");

  assert.equal((await undo({ snapshot: restored.safety })).applied, true);
  assert.equal(sql("SELECT title FROM mods WHERE id = 10"), "x");
  const one = await restore(taken.id, { tables: "mods", key: { id: 10 }, columns: ["title", "price"] });
  assert.deepEqual(one.tables.map(({ insert, update }) => [insert, update]), [[0, 1]]);
  assert.equal((await show(`${taken.id}:mods:10`)).row.title, sql("SELECT title FROM mods WHERE id = 10"));
  assert.equal((await log({ table: "mods", limit: 2 })).snapshots.length, 2);
  await restore(taken.id, { mode: "exact" });
});

test("run gives the output of the command, what it changed, and its exit code", async () => {
  const command = ["sh", "-c", "printf 'one\\ntwo'; sqlite3 dev.db 'DELETE FROM mods WHERE id <= 3'; exit 5"];
  const report = await run(command, { tables: ["mods"], maxDeleted: 1, onFailure: "undo" });
  assert.equal(report.stdout, "one\ntwo");
  assert.equal(report.exitCode, 5);
  assert.equal(report.tables[0].change.removed, 3);
  assert.deepEqual(report.tooManyDeleted, ["mods"]);
  assert.equal(report.undone.applied, true);
  assert.equal(sql("SELECT count(*) FROM mods WHERE id <= 3"), "3");
  const quiet = await run(["true"], { tables: "mods" });
  assert.deepEqual([quiet.stdout, quiet.exitCode, quiet.after], ["", 0, null]);
  assert.equal((await failure(run(["no-such-command"]))).exitCode, 127);
});

test("check reads files and text", async () => {
  assert.equal((await check({ text: "DROP TABLE mods" }, { language: "sql" })).findings[0].effect, "drop");
  assert.equal((await failure(check("no-such-script.ts"))).kind, "failed");
});

test("errors have the kind, the exit code and the hints of the command line", async () => {
  const error = await failure(snap("mosd", { message: "typo" }));
  assert.deepEqual([error.kind, error.exitCode, error.hints], ["not_found", 12, ["did you mean mods?"]]);
  assert.equal((await failure(log({ cwd: "/" }))).kind, "no_store");
  assert.equal((await failure(log({ cwd: "/no/such/directory" }))).kind, "usage");
  assert.equal((await dbsnap(["verify", "--quick"])).snapshots > 0, true);
  await assert.rejects(snap("mods", { mesage: "typo" }), /there is no option mesage/);
  await assert.rejects(snap("--all"), /cannot begin with a hyphen/);
});

test("a signal stops it", async () => {
  const stopped = await run(["sleep", "60"], { tables: "mods", signal: AbortSignal.timeout(300) });
  assert.equal(stopped.signal, 15);
  assert.equal((await failure(log({ signal: AbortSignal.abort() }))).kind, "interrupted");
});
