#!/usr/bin/env node
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
const PAGE = 200;

async function* everyone() {
  let cursor;
  for (;;) {
    const page = await prisma.user.findMany({
      take: PAGE,
      ...(cursor ? { skip: 1, cursor: { id: cursor } } : {}),
      orderBy: { id: "asc" },
    });
    if (page.length === 0) return;
    yield* page;
    cursor = page[page.length - 1].id;
  }
}

for await (const user of everyone()) {
  const email = user.email.trim().toLowerCase();
  if (email === user.email) continue;
  await prisma.user.update({ where: { id: user.id }, data: { email } });
  console.log(`${user.email} => ${email}`);
}

await prisma.$disconnect();
