import { prisma } from "../src/lib/prisma.js";
import { Repository } from "../src/lib/services/repository.js";

type Review = { stars: number };

const repository = new Repository(prisma, "review");
const reviews = (await repository.all()) as Review[];

const bars = new Array<number>(6).fill(0);
for (const { stars } of reviews) bars[stars] += 1;

const max = Math.max(1, ...bars);
bars.forEach((n, stars) => {
  console.log(`${stars} ${"#".repeat(Math.round((n / max) * 40))} ${n}`);
});

await prisma.$disconnect();
