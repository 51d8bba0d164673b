import { pool, withTransaction } from "@/lib/pool";

type Broken = { id: string; total: number; sum: number };

const FIND = `
  SELECT o.id, o.total, sum(i.price)::int AS sum
    FROM orders o JOIN order_items i ON i.order_id = o.id
   GROUP BY o.id
  HAVING o.total <> sum(i.price)`;

const fixed = await withTransaction(async (client) => {
  const { rows } = await client.query<Broken>(FIND);
  for (const { id, total, sum } of rows) {
    await client.query({
      name: "fix-total",
      text: "update orders set total = $2 where id = $1",
      values: [id, sum],
    });
    console.log(`${id}: ${total} -> ${sum}`);
  }
  return rows.length;
});

console.log(`${fixed} orders`);
await pool.end();
