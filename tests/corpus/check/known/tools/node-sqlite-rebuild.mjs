import { DatabaseSync } from "node:sqlite";

const db = new DatabaseSync(process.env.CATALOGUE_DB ?? "data/catalogue.db");

db.exec(`
  DROP TABLE IF EXISTS mods_fts;
  CREATE VIRTUAL TABLE mods_fts USING fts5(slug, title, description);
`);

const insert = db.prepare("INSERT INTO mods_fts (slug, title, description) VALUES (?, ?, ?)");
const rows = db.prepare("SELECT slug, title, description FROM mods").all();

db.exec("BEGIN");
for (const { slug, title, description } of rows) {
  insert.run(slug, title, description ?? "");
}
db.exec("COMMIT");

console.log(`${rows.length} mods indexed`);
db.close();
