import { knex } from "../src/knex";

// Products that nobody has ordered for a year leave the shop window.
async function archiveStale(): Promise<number> {
  const recent = knex("order_items as i")
    .join("orders as o", "o.id", "i.order_id")
    .where("o.placed_at", ">", knex.raw("now() - interval '1 year'"))
    .select("i.product_id");

  return knex("products")
    .where({ archived: false })
    .whereNotIn("id", recent)
    .update({ archived: true, stock: 0 });
}

archiveStale()
  .then((n) => console.log(`archived ${n} product(s)`))
  .catch((err) => {
    console.error(err.message);
    process.exitCode = 1;
  })
  .finally(() => knex.destroy());
