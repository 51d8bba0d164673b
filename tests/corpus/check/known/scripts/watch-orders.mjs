import { setTimeout as sleep } from "node:timers/promises";
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
let since = new Date();
let running = true;

process.on("SIGINT", () => {
  running = false;
});

while (running) {
  const orders = await prisma.order.findMany({
    where: { createdAt: { gt: since } },
    include: { user: { select: { email: true } } },
    orderBy: { createdAt: "asc" },
  });
  for (const order of orders) {
    console.log(order.createdAt.toISOString(), order.user.email, order.total, order.status);
    since = order.createdAt;
  }
  await sleep(2000);
}

await prisma.$disconnect();
