// Compiled, never run: the types of the npm package are those of the schema. What the package promises is printed, and
// it names all fields that are.

import type * as npm from "dbsnap";
import type * as printed from "./printed";

/** Fields of `Printed` that `Promised` lacks, at any depth but that of a row's values. */
type Missing<Printed, Promised> = [NonNullable<printed.Value>] extends [Printed] ? never : Below<Printed, Promised>;
type Below<Printed, Promised> = Printed extends readonly (infer One)[]
  ? Missing<One, Promised extends readonly (infer Other)[] ? Other : never>
  : Printed extends object
    ? {
        [Name in keyof Printed]-?: Name extends keyof Extract<Promised, object>
          ? Missing<NonNullable<Printed[Name]>, NonNullable<Extract<Promised, object>[Name]>>
          : Name;
      }[keyof Printed]
    : never;

/** `true`, or what is missing. */
type Same<Printed extends Promised, Promised> = [Missing<Printed, Promised>] extends [never]
  ? true
  : Missing<Printed, Promised>;

/** A report without what the functions take off, and without what was asked for. */
type Report<Printed> = Printed extends unknown ? Omit<Printed, "version" | "command" | "options"> : never;
type Planned<Printed> = Report<Extract<Printed, { dryRun: true }>>;
type Done<Printed> = Report<Exclude<Printed, { dryRun: true }>>;

export const init: Same<Report<printed.Init>, npm.InitReport> = true;
export const tables: Same<Report<printed.Tables>, npm.TablesReport> = true;
export const snapPlan: Same<Planned<printed.Snap>, Report<npm.SnapPlan>> = true;
export const snap: Same<Done<printed.Snap>, npm.SnapReport> = true;
export const log: Same<Report<printed.Log>, npm.LogReport> = true;
export const show: Same<Report<printed.Show>, npm.ShowReport> = true;
export const status: Same<Report<printed.Status>, npm.StatusReport> = true;
export const diff: Same<Report<printed.Diff>, npm.DiffReport> = true;
export const check: Same<Report<printed.Check>, npm.CheckReport> = true;
export const restorePlan: Same<Planned<printed.Restore>, Report<npm.RestorePlan>> = true;
export const restore: Same<Done<printed.Restore>, npm.RestoreReport> = true;
export const undoPlan: Same<Planned<printed.Undo>, Report<npm.RestorePlan>> = true;
export const undo: Same<Done<printed.Undo>, npm.RestoreReport> = true;
export const compared: Same<
  Report<Exclude<printed.Run, { error: string }>>,
  Omit<npm.ComparedRun, "stdout" | "error">
> = true;
export const uncompared: Same<
  Report<Extract<printed.Run, { error: string }>>,
  Omit<npm.UncomparedRun, "stdout">
> = true;
export const error: Same<
  Report<printed.Error>["error"],
  Omit<npm.DbsnapError, "name" | "stack" | "cause">
> = true;
