import { faker } from "@faker-js/faker";
import { prisma } from "../src/lib/prisma";

const MODS = 40;

async function main() {
  await prisma.$transaction([
    prisma.favorite.deleteMany(),
    prisma.review.deleteMany(),
    prisma.mod.deleteMany(),
  ]);

  const author = await prisma.user.findFirstOrThrow({ where: { role: "curator" } });

  await prisma.mod.createMany({
    data: Array.from({ length: MODS }, (_, i) => ({
      slug: `${faker.helpers.slugify(faker.commerce.productName()).toLowerCase()}-${i}`,
      title: faker.commerce.productName(),
      description: faker.commerce.productDescription(),
      authorId: author.id,
    })),
  });

  console.log(`Seeded ${MODS} mods`);
}

main()
  .catch((e) => {
    console.error(e);
    process.exit(1);
  })
  .finally(async () => {
    await prisma.$disconnect();
  });
