/**
 * Lists the posts in the bin, so that an editor can decide which of them
 * to delete for good. Run purge from the admin screen to remove them.
 */
import { PrismaClient } from "@prisma/client";

const db = new PrismaClient();
const DAYS = Number(process.env.KEEP_DAYS ?? 30);

type Row = { id: number; title: string; deletedAt: Date | null };

function deleteDate(row: Row): string {
  const due = new Date(row.deletedAt ?? 0);
  due.setDate(due.getDate() + DAYS);
  return due.toISOString().slice(0, 10);
}

async function deleteCandidates(): Promise<Row[]> {
  return db.post.findMany({
    where: { deletedAt: { not: null } },
    select: { id: true, title: true, deletedAt: true },
    orderBy: { deletedAt: "asc" },
  });
}

const rows = await deleteCandidates();
for (const row of rows) {
  console.log(`would DELETE FROM posts WHERE id = ${row.id} on ${deleteDate(row)}  -- ${row.title}`);
}
console.log(`${rows.length} post(s) in the bin, none of them removed by this report`);

await db.$disconnect();
