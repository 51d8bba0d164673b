import { countOrphanFavorites, db, deleteOrphanFavorites, wipe } from "@db";

// TODO: call deleteOrphanFavorites() here once the numbers look right.
void deleteOrphanFavorites;
void wipe;

const LIMIT = 100;

async function main() {
  const n = await countOrphanFavorites();
  if (n > LIMIT) {
    console.warn(`${n} orphan favorites, more than ${LIMIT}: run the clean-up`);
    process.exitCode = 3;
  } else {
    console.log(`${n} orphan favorites`);
  }
}

main().finally(() => db.$disconnect());
