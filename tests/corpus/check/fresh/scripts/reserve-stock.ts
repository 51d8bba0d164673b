import { PrismaClient } from "@prisma/client";

const store = new PrismaClient({ log: ["warn"] });

type Line = { sku: string; remaining: number };

const [sku, amount = "1"] = process.argv.slice(2);
if (!sku) throw new Error("usage: reserve-stock <sku> [amount]");

// One statement, so that two tills cannot sell the last piece twice.
const query = `
  WITH wanted AS (
    SELECT id FROM products WHERE sku = $1 AND stock >= $2::int FOR UPDATE
  ), taken AS (
    UPDATE products p SET stock = p.stock - $2::int
      FROM wanted w WHERE p.id = w.id
    RETURNING p.sku, p.stock AS remaining
  )
  SELECT sku, remaining FROM taken`;

const lines = await store.$queryRawUnsafe<Line[]>(query, sku, Number(amount));

if (lines.length === 0) {
  console.error(`not enough of ${sku}`);
  process.exitCode = 1;
} else {
  console.log(`${lines[0].remaining} of ${sku} left`);
}

await store.$disconnect();
