import { PrismaClient } from "@/generated/prisma/client";
import type { FacetDefinition } from "@/generated/prisma/client";

const prisma = new PrismaClient();

function describe(facet: FacetDefinition): string {
  return `${facet.key} (${facet.label})`;
}

const hidden = await prisma.facetDefinition.findMany({ where: { hidden: true } });

for (const facet of hidden) {
  console.log("-", describe(facet));
}

if (hidden.length > 0) {
  await prisma.facetDefinition.deleteMany({
    where: { id: { in: hidden.map((f) => f.id) } },
  });
}

await prisma.$disconnect();
