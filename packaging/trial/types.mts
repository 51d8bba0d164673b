// Compiled with --strict as an ES module; never run.

import { DbsnapError, check, dbsnap, diff, log, restore, run, snap, undo } from "dbsnap";
import type { DiffRow, ErrorKind, SnapReport } from "dbsnap";

export async function use(): Promise<string | null> {
  const taken: SnapReport = await snap(["mods"], { message: "before", url: "file:./dev.db" });
  const plan = await restore(taken.id, { mode: "exact", dryRun: true });
  const digest: string = plan.digest;
  const restored = await restore(taken.id, { mode: "exact", digest });
  const safety: string | null = restored.safety;
  const rows: DiffRow[] = (await diff({ from: taken.id })).tables.flatMap(({ rows }) => rows ?? []);
  const report = await run(["node", "script.js"], { tables: "mods", maxDeleted: "5%", onFailure: "undo" });
  if (report.error === undefined) {
    const after: string | null = report.after;
    return after;
  }
  const why: string = report.error;
  const verdict: "harmless" | "unknown" | "destructive" = (await check({ text: why }, { language: "sql" })).verdict;
  const other: unknown = await dbsnap(["verify"]);
  await undo({ force: ["mods:1"] }).catch((error: unknown) => {
    if (!(error instanceof DbsnapError)) throw error;
    const kind: ErrorKind = error.kind;
    const [hint]: (string | undefined)[] = error.hints;
    console.error(kind, hint, error.exitCode, verdict, other, rows.length);
  });
  return (await log({ limit: 1 })).snapshots[0]?.id ?? safety;
}

// @ts-expect-error: there is no such option
export const misspelt = snap("mods", { mesage: "before" });
// @ts-expect-error: a plan has no safety snapshot
export const planned = restore("latest", { dryRun: true }).then((plan) => plan.safety);
// @ts-expect-error: a report has no digest
export const done = restore("latest").then((report) => report.digest);
