import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import pg from "pg";

const FILE = new URL("../sql/purge-sessions.sql", import.meta.url);

async function main() {
  const text = await readFile(fileURLToPath(FILE), "utf8");
  const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
  await client.connect();
  client.on("notice", (n) => console.log(n.message));
  try {
    await client.query(text);
    console.log("ran", FILE.pathname);
  } finally {
    await client.end();
  }
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
