import { db } from "@/lib/db";
import { removeEverything } from "@/lib/api";

async function main() {
  console.log("What the next clean-up will remove:");
  const { sessions, favorites } = await removeEverything();
  console.log(`  sessions   ${sessions}`);
  console.log(`  favorites  ${favorites}`);
  if (sessions + favorites === 0) {
    console.log("Nothing to delete.");
  }
}

main()
  .catch((e) => {
    console.error(e);
    process.exitCode = 1;
  })
  .finally(() => db.$disconnect());
