import { Prisma } from "@prisma/client";
import { prisma } from "../src/db";

interface Activity {
  table: string;
  inserted: bigint;
  updated: bigint;
  deleted: bigint;
  bytes: bigint;
}

const columns = Prisma.sql`
  relname::text AS "table",
  n_tup_ins     AS inserted,
  n_tup_upd     AS updated,
  n_tup_del     AS deleted,
  pg_total_relation_size(relid) AS bytes`;

const rows = await prisma.$queryRaw<Activity[]>`
  SELECT ${columns}
    FROM pg_stat_user_tables
   WHERE n_tup_upd + n_tup_del > 0 /* tables that never see an UPDATE or DELETE are left out */
   ORDER BY bytes DESC`;

for (const r of rows) {
  const update = r.updated.toString().padStart(9);
  const del = r.deleted.toString().padStart(9);
  console.log(`${r.table.padEnd(24)} ${r.inserted.toString().padStart(9)} ${update} ${del}`);
}

await prisma.$disconnect();
