import { pool } from "@/lib/pool";

const STATEMENTS = [
  "DELETE FROM favorites WHERE mod_id NOT IN (SELECT id FROM mods)",
  "DELETE FROM reviews WHERE stars = 0",
  "UPDATE mods SET author_id = NULL WHERE author_id NOT IN (SELECT id FROM users)",
];

const client = await pool.connect();
try {
  await client.query("BEGIN");
  for (const text of STATEMENTS) {
    const { rowCount } = await client.query(text);
    console.log(`${rowCount} rows  ${text}`);
  }
} finally {
  // it is only ever a rehearsal
  await client.query("ROLLBACK");
  client.release();
}

await pool.end();
