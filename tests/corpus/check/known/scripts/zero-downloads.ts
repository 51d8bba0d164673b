import { Prisma, PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

async function main() {
  const fakes = await prisma.mod.findMany({
    where: { downloads: { gt: 1_000_000 } },
    select: { id: true },
  });
  if (fakes.length === 0) return;

  const ids = fakes.map((f) => f.id);
  const query = Prisma.sql`UPDATE mods SET downloads = 0 WHERE id IN (${Prisma.join(ids)})`;
  const changed = await prisma.$executeRaw(query);
  console.log(`${changed} of ${ids.length} counters set to zero`);
}

main()
  .then(() => prisma.$disconnect())
  .catch(async (e) => {
    console.error(e);
    await prisma.$disconnect();
    process.exit(1);
  });
