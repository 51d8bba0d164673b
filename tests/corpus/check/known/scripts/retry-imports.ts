import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient({ errorFormat: "minimal" });

const STUCK_AFTER_MS = 30 * 60 * 1000;

(async () => {
  const stuck = await prisma.importJob.updateMany({
    where: {
      state: "running",
      startedAt: { lt: new Date(Date.now() - STUCK_AFTER_MS) },
    },
    data: { state: "queued" },
  });
  console.info(`${stuck.count} jobs queued again`);
  await prisma.$disconnect();
})();
