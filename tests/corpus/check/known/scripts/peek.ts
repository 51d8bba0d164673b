import { Prisma, PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
const names = Object.values(Prisma.ModelName);

const wanted = process.argv[2];
const name = names.find((n) => n.toLowerCase() === wanted?.toLowerCase());

if (name === undefined) {
  console.error(`usage: peek <${names.join("|")}> [take]`);
  process.exit(2);
}

const model = name.replace(/^./, (c) => c.toLowerCase());
const delegate = (prisma as Record<string, any>)[model];
const ops = ["count", "findMany"] as const;

for (const op of ops) {
  const args = op === "findMany" ? { take: Number(process.argv[3] ?? 5) } : undefined;
  console.log(op, await delegate[op](args));
}

await prisma.$disconnect();
