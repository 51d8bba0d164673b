const { pool } = require("../src/lib/pool.cjs");

const steps = [
  ["look", "SELECT count(*) FROM legacy_mods"],
  ["staging", "DROP TABLE IF EXISTS import_staging"],
  ["legacy", "DROP TABLE IF EXISTS legacy_mods CASCADE"],
];

(async () => {
  const client = await pool.connect();
  try {
    for (const [name, text] of steps) {
      const { rowCount } = await client.query(text);
      console.log(name, rowCount ?? "done");
    }
  } finally {
    client.release();
    await pool.end();
  }
})();
