import { prisma } from "../src/lib/prisma.js";
import { Repository } from "../src/lib/services/repository.js";

/**
 * The review form was open to bots for a week in March.
 * Start again from nothing.
 */
const reviews = new Repository(prisma, "review");

const all = await reviews.all();
console.log(`There are ${all.length} reviews`);

if (all.length < 10_000) {
  const { count } = await reviews.clear();
  console.log(`There were ${count} reviews`);
}

await prisma.$disconnect();
