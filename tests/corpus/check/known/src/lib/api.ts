/** Re-exported for scripts, which should not reach into the modules. */
export * from "./actions";
export { purgeExpiredSessions as housekeeping } from "./cleanup";
export { deletionReport as removeEverything } from "./inspect";
