import Database from "better-sqlite3";

export function openCatalogue(file = process.env.CATALOGUE_DB ?? "data/catalogue.db") {
  const db = new Database(file);
  db.pragma("journal_mode = WAL");
  return db;
}
