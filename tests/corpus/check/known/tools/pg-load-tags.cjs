const fs = require("node:fs");
const { pool, query } = require("../src/lib/pool.cjs");

const file = process.argv[2] || "data/tags.txt";

async function main() {
  const names = fs
    .readFileSync(file, "utf8")
    .split(/\r?\n/)
    .map((s) => s.trim().toLowerCase())
    .filter((s) => s && !s.startsWith("#"));

  const { rowCount } = await query(
    `INSERT INTO tags (name)
     SELECT unnest($1::text[])
     ON CONFLICT (name) DO NOTHING`,
    [[...new Set(names)]],
  );
  console.log(`${rowCount} new tags; tags that are there were not updated`);
}

main().finally(() => pool.end());
