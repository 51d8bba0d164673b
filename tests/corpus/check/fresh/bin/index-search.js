#!/usr/bin/env node
import Database from "better-sqlite3";
import pg from "pg";

const index = new Database(process.env.SEARCH_DB ?? "data/search.db");
index.pragma("journal_mode = WAL");
index.exec(`
  CREATE TABLE IF NOT EXISTS post_index (
    post_id INTEGER PRIMARY KEY,
    title   TEXT NOT NULL,
    words   TEXT NOT NULL
  )
`);

const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
const { rows } = await client.query(
  "SELECT id, title, body FROM posts WHERE published_at IS NOT NULL AND deleted_at IS NULL",
);
await client.end();

const put = index.prepare("INSERT OR REPLACE INTO post_index (post_id, title, words) VALUES (?, ?, ?)");

const putAll = index.transaction((posts) => {
  for (const { id, title, body } of posts) {
    const words = new Set(body.toLowerCase().match(/[a-z]{3,}/g) ?? []);
    put.run(id, title, [...words].join(" "));
  }
});

putAll(rows);
console.log(`${rows.length} post(s) in the index`);
index.close();
