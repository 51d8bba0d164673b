import { eq, lt } from "drizzle-orm";
import { orm } from "@/lib/drizzle";
import { favorites, mods, removed } from "@/lib/drizzle/schema";

const queries = {
  favorites: orm.delete(favorites).where(lt(favorites.createdAt, new Date(0))),
  mods: orm.update(mods).set({ status: "ARCHIVED" }).where(eq(mods.downloads, 0)),
  bin: orm.delete(removed),
};

for (const [name, query] of Object.entries(queries)) {
  const { sql, params } = query.toSQL();
  console.log(`-- ${name}`);
  console.log(`${sql};`);
  if (params.length > 0) console.log("--", params);
}

process.exit(0);
