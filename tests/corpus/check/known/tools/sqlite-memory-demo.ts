import Database from "better-sqlite3";

const db = new Database(":memory:");

db.exec(`
  CREATE TABLE mods (id INTEGER PRIMARY KEY, slug TEXT UNIQUE, status TEXT);
  CREATE TABLE favorites (mod_id INTEGER REFERENCES mods ON DELETE CASCADE, user_id INTEGER);
`);
db.pragma("foreign_keys = ON");

const insert = db.prepare("INSERT INTO mods (slug, status) VALUES (?, ?)");
for (const slug of ["shelf", "stool", "lamp"]) insert.run(slug, "DRAFT");
db.prepare("INSERT INTO favorites SELECT id, 1 FROM mods").run();

db.prepare("UPDATE mods SET status = 'ARCHIVED' WHERE slug = ?").run("lamp");
db.prepare("DELETE FROM mods WHERE status = 'ARCHIVED'").run();

const { n } = db.prepare("SELECT count(*) AS n FROM favorites").get() as { n: number };
console.log(`two favorites are left: ${n === 2}`);

db.exec("DROP TABLE favorites; DROP TABLE mods;");
db.close();
