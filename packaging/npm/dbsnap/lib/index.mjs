import dbsnapModule from "./index.js";

export const { DbsnapError, check, dbsnap, diff, init, log, restore, run, show, snap, status, tables, undo } = dbsnapModule;
