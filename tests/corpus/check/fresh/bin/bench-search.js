#!/usr/bin/env node
// Measures what a rebuild of the search index costs. Nothing touches the disk.
import Database from "better-sqlite3";

const db = new Database(":memory:");
const SIZE = Number(process.argv[2] ?? 20_000);

function timed(title, work) {
  const start = process.hrtime.bigint();
  work();
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  console.log(`${title.padEnd(12)} ${ms.toFixed(1)} ms`);
}

db.exec("CREATE TABLE post_index (post_id INTEGER PRIMARY KEY, title TEXT, words TEXT)");
const insert = db.prepare("INSERT INTO post_index VALUES (?, ?, ?)");

timed("insert", db.transaction(() => {
  for (let i = 0; i < SIZE; i++) insert.run(i, `Post ${i}`, "ink paper pen ".repeat(20));
}));
timed("update", () => db.exec("UPDATE post_index SET words = words || ' quill'"));
timed("delete", () => db.exec("DELETE FROM post_index WHERE post_id % 2 = 0"));
timed("drop", () => db.exec("DROP TABLE post_index"));

db.close();
