import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

async function main() {
  await prisma.facetDefinition.createMany({
    data: [
      { key: "room", label: "Room", position: 1 },
      { key: "style", label: "Style", position: 2 },
      { key: "material", label: "Material", position: 3 },
    ],
    skipDuplicates: true,
  });
  await prisma.tag.createMany({
    data: ["oak", "walnut", "rattan", "steel"].map((name) => ({ name })),
    skipDuplicates: true,
  });
}

main().finally(() => prisma.$disconnect());
