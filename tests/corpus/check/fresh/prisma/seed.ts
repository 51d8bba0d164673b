import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

const tags = ["news", "howto", "release", "interview"];
const products = [
  { sku: "MUG-01", name: "Inkwell mug", priceCents: 1400, stock: 40 },
  { sku: "PEN-02", name: "Dip pen", priceCents: 900, stock: 120 },
  { sku: "PAD-03", name: "Dotted pad", priceCents: 700, stock: 75 },
];

async function main() {
  for (const name of tags) {
    await prisma.tag.upsert({
      where: { name },
      update: {},
      create: { name, label: name[0].toUpperCase() + name.slice(1) },
    });
  }

  const { count } = await prisma.product.createMany({ data: products, skipDuplicates: true });
  console.log(`seeded ${count} new product(s)`);
}

main()
  .then(async () => {
    await prisma.$disconnect();
  })
  .catch(async (e) => {
    console.error(e);
    await prisma.$disconnect();
    process.exit(1);
  });
