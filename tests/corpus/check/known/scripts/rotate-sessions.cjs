"use strict";

const { PrismaClient } = require("@prisma/client");
const prisma = new PrismaClient();

async function main() {
  const users = await prisma.user.findMany({
    where: { role: "admin" },
    select: { id: true, email: true },
  });

  for (const user of users) {
    const { count } = await prisma.session.deleteMany({ where: { userId: user.id } });
    console.log("%s has to sign in again (%d sessions)", user.email, count);
  }
}

if (require.main === module) {
  main()
    .catch((err) => {
      console.error(err);
      process.exitCode = 1;
    })
    .finally(() => prisma.$disconnect());
}
