// Compiled with --strict as CommonJS; never run.

import dbsnap = require("dbsnap");

export const ids: Promise<string[]> = dbsnap.log().then(({ snapshots }) => snapshots.map(({ id }) => id));
