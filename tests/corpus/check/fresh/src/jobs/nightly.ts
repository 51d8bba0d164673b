import { prisma } from "../db";
import * as sessions from "../services/sessions";

type Step = { title: string; run: () => Promise<number> };

const steps: Step[] = [
  { title: "open carts", run: () => prisma.order.count({ where: { status: "CART" } }) },
  { title: "sessions", run: () => sessions.tidySessions() },
  { title: "unpublished posts", run: () => prisma.post.count({ where: { publishedAt: null } }) },
];

let failed = 0;
for (const { title, run } of steps) {
  const started = performance.now();
  try {
    const n = await run();
    console.log(`${title}: ${n} (${Math.round(performance.now() - started)} ms)`);
  } catch (err) {
    failed += 1;
    console.error(`${title}: failed`, err);
  }
}

await prisma.$disconnect();
process.exit(failed ? 1 : 0);
