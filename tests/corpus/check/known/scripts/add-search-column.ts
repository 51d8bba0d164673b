import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

async function main() {
  await prisma.$executeRawUnsafe(`
    ALTER TABLE mods
      ADD COLUMN IF NOT EXISTS search tsvector
      GENERATED ALWAYS AS (to_tsvector('simple', coalesce(title, ''))) STORED
  `);
  await prisma.$executeRawUnsafe(
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS mods_search_idx ON mods USING gin (search)",
  );

  const hits = await prisma.$queryRaw<{ slug: string }[]>`
    SELECT slug FROM mods WHERE search @@ plainto_tsquery('simple', ${"delete"}) LIMIT 5`;
  console.log(hits.map((h) => h.slug));
}

main()
  .catch((e) => {
    console.error(e);
    process.exit(1);
  })
  .finally(() => prisma.$disconnect());
