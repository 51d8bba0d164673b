import { PrismaClient } from "@prisma/client";

const KEEP = 5;
const db = new PrismaClient();

const mods = await db.mod.findMany({
  include: { versions: { orderBy: { createdAt: "desc" } } },
});

for (const mod of mods) {
  const old = mod.versions.slice(KEEP).map((v) => v.id);
  if (old.length === 0) continue;
  await db.mod.update({
    where: { id: mod.id },
    data: {
      updatedAt: new Date(),
      versions: { deleteMany: { id: { in: old } } },
    },
  });
  console.log(`${mod.slug}: ${old.length} old versions gone`);
}

await db.$disconnect();
