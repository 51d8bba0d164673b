import { createInterface } from "node:readline/promises";
import { stdin as input, stdout as output } from "node:process";
import prisma from "@/lib/prisma";

const rl = createInterface({ input, output });

const orders = await prisma.order.findMany({
  where: { status: "paid" },
  include: { items: true },
});

for (const order of orders) {
  const sum = order.items.reduce((s, item) => s + item.price, 0);
  if (sum !== order.total) {
    console.warn(`${order.id}: ${order.total} on the order, ${sum} in its items`);
    continue;
  }
  const answer = await rl.question(`Settle ${order.id} (${sum})? [y/N] `);
  if (answer !== "y") continue;
  await prisma.$transaction(async (t) => {
    await t.order.update({ where: { id: order.id }, data: { status: "settled" } });
    await t.auditLog.create({ data: { action: "settle", entity: "order", entityId: order.id } });
  });
}

rl.close();
await prisma.$disconnect();
