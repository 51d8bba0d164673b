import { prisma } from "../src/db";

const month = new Date().toISOString().slice(0, 7);

async function alreadyStarted() {
  return prisma.auditEntry.findFirst({ where: { action: "month.start", subject: month } });
}

if (await alreadyStarted()) {
  console.log(`${month} has begun already`);
} else {
  const top = await prisma.post.findMany({ orderBy: { views: "desc" }, take: 10 });
  console.table(top.map(({ title, views }) => ({ title, views })));

  const [touched] = await prisma.$transaction([
    prisma.$executeRaw`
      update posts
         set views = 0
       where views > 0`,
    prisma.auditEntry.create({ data: { action: "month.start", subject: month } }),
  ]);
  console.log(`${touched} counter(s) set to nought`);
}

await prisma.$disconnect();
