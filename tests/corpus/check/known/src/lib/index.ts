export * from "./db";
export { deleteOrphanFavorites, purgeExpiredSessions, wipe } from "./cleanup";
export { countOrphanFavorites, findStaleMods, deletionReport } from "./inspect";
