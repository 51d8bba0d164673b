import { createInterface } from "node:readline/promises";
import { prisma } from "@/lib/prisma";

const table = process.argv[2];
if (!table || !/^[a-z_]+$/.test(table)) {
  console.error("usage: truncate-table <table>");
  process.exit(64);
}

const rl = createInterface({ input: process.stdin, output: process.stdout });
const answer = await rl.question(`Type ${table} to go on: `);
rl.close();

if (answer.trim() !== table) {
  console.log("Not the same, leaving everything as it is.");
  process.exit(0);
}

await prisma.$executeRawUnsafe(`TRUNCATE TABLE ${table} CASCADE`);
await prisma.$disconnect();
