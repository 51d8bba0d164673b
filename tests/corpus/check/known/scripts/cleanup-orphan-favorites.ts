#!/usr/bin/env tsx
import { parseArgs } from "node:util";
import { countOrphanFavorites, db, deleteOrphanFavorites } from "@db";

const { values } = parseArgs({
  options: { yes: { type: "boolean", default: false } },
});

async function main() {
  const found = await countOrphanFavorites();
  console.log(`${found} favorites point at archived mods`);
  if (!values.yes) {
    console.log("Dry run. Pass --yes to go on.");
    return;
  }
  const count = await deleteOrphanFavorites();
  console.log(`Done: ${count}`);
}

main()
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  })
  .finally(() => db.$disconnect());
