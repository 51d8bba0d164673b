import { PrismaClient } from "@prisma/client";

const client = new PrismaClient();

async function backfill(limit: number): Promise<number> {
  return client.$executeRaw`
    UPDATE "mods"
       SET slug = lower(regexp_replace(title, '[^a-zA-Z0-9]+', '-', 'g'))
     WHERE id IN (
       SELECT id FROM "mods" WHERE slug = '' ORDER BY created_at LIMIT ${limit}
     )`;
}

async function main(): Promise<void> {
  let total = 0;
  for (;;) {
    const n = await backfill(500);
    total += n;
    if (n === 0) break;
  }
  console.log("slugs written:", total);
}

void main().finally(() => client.$disconnect());
