import { readFileSync } from "node:fs";
import { createClient } from "@libsql/client";

const client = createClient({ url: process.env.TURSO_URL ?? "file:data/edge.db" });

await client.executeMultiple(`
  CREATE TABLE IF NOT EXISTS mods (id TEXT PRIMARY KEY, slug TEXT NOT NULL, title TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS deleted_items (id TEXT PRIMARY KEY, deleted_at TEXT);
`);

const mods: { id: string; slug: string; title: string }[] = JSON.parse(
  readFileSync("data/mods.json", "utf8"),
);

const results = await client.batch(
  mods.map(({ id, slug, title }) => ({
    sql: "INSERT OR IGNORE INTO mods (id, slug, title) VALUES (:id, :slug, :title)",
    args: { id, slug, title },
  })),
  "write",
);

const added = results.reduce((n, r) => n + r.rowsAffected, 0);
console.log(`${added} added, ${mods.length - added} not replaced`);
client.close();
