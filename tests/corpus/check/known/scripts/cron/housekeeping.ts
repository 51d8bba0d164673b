import { housekeeping } from "../../src/lib/api";
import { db } from "../../src/lib/db";

const startedAt = performance.now();

try {
  const result = await housekeeping();
  console.log(
    JSON.stringify({
      job: "housekeeping",
      ms: Math.round(performance.now() - startedAt),
      ...result,
    }),
  );
} catch (error) {
  console.error("housekeeping failed", error);
  process.exitCode = 1;
} finally {
  await db.$disconnect();
}
