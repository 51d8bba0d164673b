import prisma from "../src/lib/prisma";

const [, , from, to] = process.argv;

if (!from || !to) {
  throw new Error("usage: tsx scripts/rename-tag.ts <from> <to>");
}

const tag = await prisma.tag.findUnique({ where: { name: from } });

if (tag === null) {
  console.log(`no tag named ${from}, nothing to do`);
} else {
  await prisma.tag.update({ where: { id: tag.id }, data: { name: to } });
  console.log(`${from} -> ${to}`);
}

await prisma.$disconnect();
