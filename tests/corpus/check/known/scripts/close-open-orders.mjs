const { default: dotenv } = await import("dotenv");
dotenv.config({ path: process.env.ENV_FILE ?? ".env" });

// the client reads DATABASE_URL when it is made, so it has to wait for dotenv
const { PrismaClient } = await import("@prisma/client");
const p = new PrismaClient();

const cutoff = new Date();
cutoff.setMonth(cutoff.getMonth() - 1);

const open = await p.order.findMany({ where: { status: "open", createdAt: { lt: cutoff } } });

await Promise.all(
  open.map(({ id }) => p.order.update({ where: { id }, data: { status: "abandoned" } })),
);

console.log(`${open.length} orders closed`);
await p.$disconnect();
