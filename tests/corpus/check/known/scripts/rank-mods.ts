import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

type Rank = { slug: string; score: number };

const ranks = await prisma.$transaction(async (tx) => {
  await tx.$executeRaw`
    CREATE TEMP TABLE rank ON COMMIT DROP AS
    SELECT m.slug, m.downloads::float8 AS score FROM mods m WHERE m.status = 'PUBLISHED'`;
  await tx.$executeRaw`UPDATE rank SET score = ln(score + 1)`;
  await tx.$executeRaw`DELETE FROM rank WHERE score < ${0.5}`;
  return tx.$queryRaw<Rank[]>`SELECT slug, score FROM rank ORDER BY score DESC LIMIT 20`;
});

for (const { slug, score } of ranks) {
  console.log(score.toFixed(2).padStart(8), slug);
}

await prisma.$disconnect();
