import { PrismaClient, type Prisma } from "@prisma/client";

const prisma = new PrismaClient();

async function moveThings(tx: Prisma.TransactionClient, from: string, to: string) {
  await tx.mod.updateMany({ where: { authorId: from }, data: { authorId: to } });
  await tx.order.updateMany({ where: { userId: from }, data: { userId: to } });
}

async function mergeUsers(keepEmail: string, dropEmail: string) {
  await prisma.$transaction(async (tx) => {
    const keep = await tx.user.findUniqueOrThrow({ where: { email: keepEmail } });
    const drop = await tx.user.findUniqueOrThrow({ where: { email: dropEmail } });
    await moveThings(tx, drop.id, keep.id);
    await tx.user.delete({ where: { id: drop.id } });
    await tx.auditLog.create({
      data: { action: "merge", entity: "user", entityId: keep.id, payload: { from: drop.id } },
    });
  });
}

const [keep, drop] = process.argv.slice(2);
if (!keep || !drop) {
  console.error("usage: merge-users <keep> <drop>");
  process.exit(2);
}

mergeUsers(keep, drop).finally(() => prisma.$disconnect());
