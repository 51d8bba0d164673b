import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

const INDEXES: Record<string, string> = {
  favorites_mod_id_idx: "favorites (mod_id)",
  reviews_mod_id_stars_idx: "reviews (mod_id, stars)",
  sessions_expires_at_idx: "sessions (expires_at)",
  audit_logs_entity_idx: "audit_logs (entity, entity_id)",
};

const existing = await prisma.$queryRaw<{ indexname: string }[]>`
  SELECT indexname FROM pg_indexes WHERE schemaname = 'public'`;
const have = new Set(existing.map((row) => row.indexname));

for (const [name, on] of Object.entries(INDEXES)) {
  if (have.delete(name)) {
    console.log("have", name);
    continue;
  }
  await prisma.$executeRawUnsafe(`CREATE INDEX CONCURRENTLY "${name}" ON ${on}`);
  console.log("made", name);
}

await prisma.$disconnect();
