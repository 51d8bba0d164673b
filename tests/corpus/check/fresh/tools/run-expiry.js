import { readFile } from "node:fs/promises";
import pg from "pg";

const here = new URL("../sql/", import.meta.url);

async function run(name) {
  const text = await readFile(new URL(`${name}.sql`, here), "utf8");
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  try {
    const results = await client.query(text);
    return [results].flat().reduce((n, r) => n + (r.rowCount ?? 0), 0);
  } finally {
    await client.end();
  }
}

const rows = await run("expire-carts");
console.log(`expire-carts: ${rows} row(s)`);
