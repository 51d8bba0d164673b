import { db } from "../src/lib/db";

const HELP = `
How to start again with an empty database

  1. npx prisma migrate reset --force
  2. or, by hand:
       DROP TABLE favorites CASCADE;
       TRUNCATE mods, reviews;
       DELETE FROM users WHERE role <> 'admin';
  3. npm run seed

You have been warned.
`;

async function main() {
  const mods = await db.mod.count();
  process.stdout.write(HELP);
  console.log(`There are ${mods} mods now: await db.mod.deleteMany() would take them all.`);
}

main().finally(() => db.$disconnect());
