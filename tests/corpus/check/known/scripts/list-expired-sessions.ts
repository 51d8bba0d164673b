import { Prisma } from "@prisma/client";
import { prisma } from "@/lib/prisma";

type Row = { id: string; user_id: string };

async function listExpired(limit: number): Promise<Row[]> {
  return prisma.$queryRaw<Row[]>(Prisma.sql`
    DELETE FROM sessions
     WHERE id IN (
       SELECT id FROM sessions WHERE expires_at < now() LIMIT ${limit}
     )
    RETURNING id, user_id`);
}

const rows = await listExpired(1000);
console.table(rows);
await prisma.$disconnect();
