import Database from "better-sqlite3";

const file = process.argv[2] ?? "data/catalogue.db";
const db = new Database(file, { readonly: true, fileMustExist: true });

const tables = db
  .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'deleted\\_%' ESCAPE '\\'")
  .pluck()
  .all() as string[];

for (const table of tables) {
  const rows = db.prepare(`SELECT * FROM "${table}" ORDER BY rowid DESC LIMIT 20`).all();
  console.log(`# ${table}`);
  console.table(rows);
}

const triggers = db
  .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%DELETE FROM%'")
  .all();
console.log(`${triggers.length} triggers delete`);

db.close();
