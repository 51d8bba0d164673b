// usage: tsx scripts/merge-tags.ts <from> <into>
import type { Prisma } from "@prisma/client";
import { prisma as client } from "../src/db";

const [from, into] = process.argv.slice(2);
if (!from || !into || from === into) {
  console.error("usage: merge-tags <from> <into>");
  process.exit(2);
}

async function fold(t: Prisma.TransactionClient, sourceId: number, targetId: number) {
  const { postTag, tag } = t;
  const links = await postTag.findMany({ where: { tagId: sourceId }, select: { postId: true } });

  await postTag.createMany({
    data: links.map(({ postId }) => ({ postId, tagId: targetId })),
    skipDuplicates: true,
  });
  await postTag.deleteMany({ where: { tagId: sourceId } });
  await tag.delete({ where: { id: sourceId } });
  return links.length;
}

const moved = await client.$transaction(async (t) => {
  const source = await t.tag.findUniqueOrThrow({ where: { name: from } });
  const target = await t.tag.findUniqueOrThrow({ where: { name: into } });
  return fold(t, source.id, target.id);
});

console.log(`${moved} post(s) now carry "${into}"`);
await client.$disconnect();
