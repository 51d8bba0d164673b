import { prisma } from "@/lib/prisma";

const [entity = "mod", entityId = "unknown", reason = "asked by its author"] =
  process.argv.slice(2);

await prisma.auditLog.create({
  data: {
    action: "DELETE",
    entity,
    entityId,
    payload: {
      reason,
      statement: `DELETE FROM ${entity}s WHERE id = '${entityId}'`,
      by: process.env.USER ?? "cron",
    },
  },
});

await prisma.deletedItem.create({
  data: { entity, entityId, snapshot: { reason } },
});

await prisma.$disconnect();
