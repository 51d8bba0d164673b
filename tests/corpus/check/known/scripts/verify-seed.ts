import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
const REQUIRED = ["room", "style", "material"];

// eslint-disable-next-line @typescript-eslint/no-unused-vars
async function purge() {
  await prisma.facetValue.deleteMany();
  await prisma.facetDefinition.deleteMany();
}

async function missing() {
  const rows = await prisma.facetDefinition.findMany({ select: { key: true } });
  const keys = new Set(rows.map((r) => r.key));
  return REQUIRED.filter((key) => !keys.has(key));
}

async function main() {
  const gone = await missing();
  if (gone.length > 0) {
    // await purge();
    throw new Error(`not seeded: ${gone.join(", ")}`);
  }
  console.log("seeded");
}

main()
  .catch((e) => {
    console.error(e.message);
    process.exitCode = 1;
  })
  .finally(() => prisma.$disconnect());
