import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

type Plan = { "QUERY PLAN": string };

const statements = [
  "DELETE FROM sessions WHERE expires_at < now()",
  "UPDATE mods SET status = 'ARCHIVED' WHERE updated_at < now() - interval '2 years'",
  "DELETE FROM favorites f USING mods m WHERE m.id = f.mod_id AND m.status = 'ARCHIVED'",
];

for (const statement of statements) {
  const plan = await prisma.$queryRawUnsafe<Plan[]>(`EXPLAIN (COSTS, VERBOSE) ${statement}`);
  console.log(`\n# ${statement}`);
  for (const line of plan) console.log("  ", line["QUERY PLAN"]);
}

await prisma.$disconnect();
