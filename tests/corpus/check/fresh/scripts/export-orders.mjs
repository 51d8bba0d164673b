#!/usr/bin/env node
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
const outDir = path.resolve("exports/orders");

// Begin with an empty folder: an export that mixes two days is worse than none.
await rm(outDir, { recursive: true, force: true });
await mkdir(outDir, { recursive: true });

const orders = await prisma.order.findMany({
  where: { status: { in: ["PAID", "SHIPPED"] } },
  include: { items: { include: { product: true } }, user: { select: { email: true } } },
});

for (const order of orders) {
  const lines = order.items.map((i) => [i.product.sku, i.quantity, i.unitCents].join(";"));
  lines.unshift(`# ${order.number} ${order.user.email}`);
  await writeFile(path.join(outDir, `${order.number}.csv`), lines.join("\n") + "\n");
}

console.log(`${orders.length} order(s) written`);
await prisma.$disconnect();
