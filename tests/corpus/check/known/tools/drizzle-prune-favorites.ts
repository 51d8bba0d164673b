import { and, eq, inArray, lt } from "drizzle-orm";
import { orm } from "../src/lib/drizzle";
import { favorites, mods } from "../src/lib/drizzle/schema";

const apply = process.argv.includes("--apply");
const cutoff = new Date("2023-01-01");

const archived = orm.select({ id: mods.id }).from(mods).where(eq(mods.status, "ARCHIVED"));
const where = and(inArray(favorites.modId, archived), lt(favorites.createdAt, cutoff));

if (apply) {
  const gone = await orm.delete(favorites).where(where).returning();
  console.log(`${gone.length} favorites pruned`);
} else {
  const n = await orm.$count(favorites, where);
  console.log(`${n} favorites could be pruned (--apply does it)`);
}

process.exit(0);
