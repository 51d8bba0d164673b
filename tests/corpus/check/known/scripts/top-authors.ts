import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient().$extends({
  result: {
    user: {
      displayName: {
        needs: { name: true, email: true },
        compute: (user) => user.name ?? user.email.split("@")[0],
      },
    },
  },
});

const authors = await prisma.user.findMany({
  where: { mods: { some: { status: "PUBLISHED" } } },
  include: { _count: { select: { mods: true, favorites: true } } },
  orderBy: { mods: { _count: "desc" } },
  take: 20,
});

for (const [i, a] of authors.entries()) {
  console.log(`${String(i + 1).padStart(2)}. ${a.displayName} (${a._count.mods})`);
}

await prisma.$disconnect();
