import { count, desc } from "drizzle-orm";
import { orm } from "../src/lib/drizzle";
import { removed } from "../src/lib/drizzle/schema";
import { pool } from "../src/lib/pool";

const perEntity = await orm
  .select({ entity: removed.entity, deleted: count() })
  .from(removed)
  .groupBy(removed.entity);

console.table(perEntity);

const last = await orm.query.removed.findMany({
  orderBy: desc(removed.deletedAt),
  limit: 10,
});

for (const item of last) {
  console.log("deleted", item.entity, item.entityId, item.deletedAt.toISOString());
}

await pool.end();
