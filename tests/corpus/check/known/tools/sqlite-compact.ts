import { openCatalogue } from "../src/lib/sqlite";

const db = openCatalogue();

const old = db.prepare(`
  DELETE FROM downloads
   WHERE day < date('now', '-' || ? || ' days')
`);

const compact = db.transaction((days: number) => {
  const { changes } = old.run(days);
  return changes;
});

const days = Number(process.argv[2] ?? 400);
console.log(`${compact(days)} days of downloads let go`);

db.exec("VACUUM");
db.close();
