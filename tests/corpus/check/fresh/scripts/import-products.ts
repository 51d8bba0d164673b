import { readFile } from "node:fs/promises";
import { prisma } from "@/db";
import { parseCsv } from "@/lib/text";

async function importFile(path: string) {
  const rows = parseCsv(await readFile(path, "utf8"));
  let done = 0;

  for (const row of rows) {
    if (!row.sku) {
      console.warn("line without a sku, skipped");
      continue;
    }
    const fields = {
      name: row.name,
      priceCents: Math.round(Number(row.price) * 100),
      stock: Number.parseInt(row.stock, 10) || 0,
    };
    await prisma.product.upsert({
      where: { sku: row.sku },
      create: { sku: row.sku, ...fields },
      update: fields,
    });
    done += 1;
  }
  return done;
}

const path = process.argv[2] ?? "data/products.csv";
console.log(`imported ${await importFile(path)} product(s) from ${path}`);
await prisma.$disconnect();
