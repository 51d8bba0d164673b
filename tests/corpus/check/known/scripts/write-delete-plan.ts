import { writeFile } from "node:fs/promises";
import { findStaleMods, db } from "@db";

const YEAR = 365 * 24 * 3600 * 1000;

async function main() {
  const stale = await findStaleMods(new Date(Date.now() - YEAR));
  const lines = ["BEGIN;"];
  for (const mod of stale) {
    lines.push(`DELETE FROM favorites WHERE mod_id = '${mod.id}';`);
    lines.push(`DELETE FROM mods WHERE id = '${mod.id}'; -- ${mod.slug}`);
  }
  lines.push("COMMIT;", "");

  const file = `plan-${new Date().toISOString().slice(0, 10)}.sql`;
  await writeFile(file, lines.join("\n"));
  console.log(`${file}: ${stale.length} mods. Read it, then run it with psql.`);
}

main().finally(() => db.$disconnect());
