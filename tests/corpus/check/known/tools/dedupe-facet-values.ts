import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

export async function dedupe() {
  const values = await prisma.facetValue.findMany({ orderBy: { id: "asc" } });
  const seen = new Set<string>();
  const dupes: number[] = [];

  for (const v of values) {
    const key = `${v.modId}/${v.definitionId}/${v.value}`;
    if (seen.has(key)) dupes.push(v.id);
    else seen.add(key);
  }

  const work = dupes.map((id) => prisma.facetValue.delete({ where: { id } }));
  const done = await prisma.$transaction(work);
  return done.length;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  console.log(await dedupe());
  await prisma.$disconnect();
}
