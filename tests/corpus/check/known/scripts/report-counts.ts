import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

async function main() {
  const [users, mods, favorites, reviews, orders] = await Promise.all([
    prisma.user.count(),
    prisma.mod.count(),
    prisma.favorite.count(),
    prisma.review.count(),
    prisma.order.count(),
  ]);
  console.table({ users, mods, favorites, reviews, orders });

  const byStatus = await prisma.mod.groupBy({ by: ["status"], _count: true });
  for (const row of byStatus) console.log(row.status.padEnd(10), row._count);
}

main().finally(() => prisma.$disconnect());
