import { parseArgs } from "node:util";
import { prisma } from "../src/db";

const { values } = parseArgs({
  options: {
    months: { type: "string", default: "18" },
    apply: { type: "boolean", default: false },
  },
});

const before = new Date();
before.setMonth(before.getMonth() - Number(values.months));

const old = await prisma.order.findMany({
  where: { status: "CANCELLED", placedAt: { lt: before } },
  select: { id: true, number: true },
});

for (const { number } of old) console.log(number);

if (!values.apply) {
  console.log(`dry run: nothing is changed; ${old.length} order(s) would go with --apply`);
  await prisma.$disconnect();
  process.exit(0);
}

const ids = old.map((o) => o.id);
while (ids.length > 0) {
  const batch = ids.splice(0, 500);
  await prisma.order.deleteMany({ where: { id: { in: batch } } });
}
await prisma.$disconnect();
