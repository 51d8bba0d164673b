import { prisma } from "../src/lib/prisma";

async function main() {
  const update = await prisma.notificationPreference.count({ where: { update: true } });
  const deleted = await prisma.notificationPreference.count({ where: { delete: true } });

  const both = await prisma.notificationPreference.findMany({
    where: { update: true, delete: true },
    select: { create: true, update: true, delete: true, user: { select: { email: true } } },
  });

  console.log({ update, delete: deleted });
  for (const row of both) {
    console.log(row.user.email, row.create, row.update, row.delete);
  }
}

main().finally(() => prisma.$disconnect());
