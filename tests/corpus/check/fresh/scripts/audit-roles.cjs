"use strict";

const { PrismaClient } = require("@prisma/client");

const prisma = new PrismaClient();

// What an account of this role may do; kept beside the audit for the record.
const POWERS = {
  ADMIN: ["user.delete", "user.update", "post.deleteMany", "order.upsert"],
  AUTHOR: ["post.create", "post.update"],
};

async function audit(role) {
  const holders = await prisma.user.findMany({ where: { role }, select: { email: true } });
  if (!holders.length) return 0;

  await prisma.auditEntry.createMany({
    data: holders.flatMap(({ email }) =>
      POWERS[role].map((power) => ({ action: `may:${power}`, subject: email })),
    ),
  });
  return holders.length;
}

(async () => {
  try {
    for (const role of Object.keys(POWERS)) {
      console.log(role, await audit(role));
    }
  } finally {
    await prisma.$disconnect();
  }
})();
