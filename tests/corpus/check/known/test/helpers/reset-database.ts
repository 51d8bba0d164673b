import { PrismaClient } from "@prisma/client";
import { afterAll, beforeAll } from "vitest";

const prisma = new PrismaClient();

async function tableNames(): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ tablename: string }[]>`
    SELECT tablename FROM pg_tables WHERE schemaname = 'public'`;
  return rows.map((r) => r.tablename).filter((name) => name !== "_prisma_migrations");
}

beforeAll(async () => {
  const names = await tableNames();
  const list = names.map((name) => `"public"."${name}"`).join(", ");
  if (list) {
    await prisma.$executeRawUnsafe(`TRUNCATE TABLE ${list} CASCADE;`);
  }
});

afterAll(async () => {
  await prisma.$disconnect();
});
