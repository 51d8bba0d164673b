import { sql } from "../src/sql";

// Keeps one table of prices a year. One row a day for each product.
const year = new Date().getFullYear();
const table = `price_history_${year}`;

await sql`
  create table if not exists ${sql(table)} (
    product_id  integer not null references products (id),
    price_cents integer not null,
    taken_on    date not null default current_date,
    unique (product_id, taken_on)
  )`;

const added = await sql`
  insert into ${sql(table)} (product_id, price_cents)
  select id, price_cents
    from products
   where not archived
  on conflict (product_id, taken_on) do nothing
  returning product_id`;

const [{ total }] = await sql<{ total: string }[]>`select count(*) as total from ${sql(table)}`;

console.log(`${added.length} price(s) added to ${table}, ${total} in all`);
await sql.end({ timeout: 5 });
