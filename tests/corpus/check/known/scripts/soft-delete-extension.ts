import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient().$extends({
  model: {
    mod: {
      async softRemove(this: unknown, slug: string) {
        return base.mod.update({ where: { slug }, data: { status: "ARCHIVED" } });
      },
    },
  },
});

const base = new PrismaClient();

async function main() {
  const list = (process.env.SLUGS ?? "").split(",").filter(Boolean);
  for (const slug of list) {
    await prisma.mod.softRemove(slug);
    console.log("hidden", slug);
  }
}

main().finally(async () => {
  await prisma.$disconnect();
  await base.$disconnect();
});
