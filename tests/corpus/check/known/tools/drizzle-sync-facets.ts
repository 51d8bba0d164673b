import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/node-postgres";
import { facetDefs } from "@/lib/drizzle/schema";

const orm = drizzle(process.env.DATABASE_URL!);

const wanted = [
  { key: "room", label: "Room" },
  { key: "style", label: "Style" },
  { key: "wood", label: "Kind of wood" },
];

async function insertFacets() {
  return orm
    .insert(facetDefs)
    .values(wanted)
    .onConflictDoUpdate({
      target: facetDefs.key,
      set: { label: sql`excluded.label` },
    })
    .returning({ id: facetDefs.id });
}

insertFacets().then((ids) => {
  console.log(`inserted ${ids.length}`);
  process.exit();
});
