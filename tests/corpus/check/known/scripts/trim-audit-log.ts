import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

const VERBS = { look: "SELECT count(*) FROM", purge: "DELETE FROM" } as const;
const TABLE = "audit_logs";

function statement(verb: keyof typeof VERBS, days: number) {
  return [VERBS[verb], TABLE, "WHERE", `created_at < now() - interval '${days} days'`].join(" ");
}

async function main() {
  const days = Number(process.env.KEEP_DAYS ?? "90");
  const mode = process.argv.includes("--look") ? "look" : "purge";
  if (mode === "look") {
    console.log(await prisma.$queryRawUnsafe(statement("look", days)));
    return;
  }
  console.log(await prisma.$executeRawUnsafe(statement(mode, days)));
}

main().finally(() => prisma.$disconnect());
