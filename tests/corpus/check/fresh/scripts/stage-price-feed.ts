import { readFileSync } from "node:fs";
import { knex } from "@/knex";
import { parseCsv } from "@/lib/text";

const stamp = new Date().toISOString().slice(0, 10).replace(/-/g, "");
const table = `price_feed_${stamp}`;

if (await knex.schema.hasTable(table)) {
  console.error(`today's feed is staged in ${table} already`);
  await knex.destroy();
  process.exit(1);
}

await knex.schema.createTable(table, (t) => {
  t.increments("id");
  t.string("sku").notNullable().index();
  t.integer("price_cents").notNullable();
  t.integer("product_id").references("id").inTable("products");
});

const ids = new Map<string, number>(
  (await knex("products").select("sku", "id")).map((p) => [p.sku, p.id]),
);

const feed = parseCsv(readFileSync(process.argv[2] ?? "data/feed.csv", "utf8")).map((row) => ({
  sku: row.sku,
  price_cents: Number(row.cents),
  product_id: ids.get(row.sku) ?? null,
}));

await knex.batchInsert(table, feed, 500);
console.log(`${feed.length} price(s) staged in ${table}`);
await knex.destroy();
