import { prisma } from "../src/lib/prisma";

const facets: [key: string, label: string][] = [
  ["room", "Room"],
  ["style", "Style"],
  ["material", "Material"],
  ["colour", "Colour"],
  ["footprint", "Footprint"],
];

const { count } = await prisma.facetDefinition.createMany({
  data: facets.map(([key, label], position) => ({ key, label, position })),
  skipDuplicates: true,
});

console.log(`${count} of ${facets.length} facets are new`);
await prisma.$disconnect();
