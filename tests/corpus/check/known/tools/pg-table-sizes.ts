import { pool, query } from "../src/lib/pool";

type Size = { table: string; rows: string; total: string };

const sizes = await query<Size>(`
  SELECT c.relname AS "table",
         c.reltuples::bigint AS rows,
         pg_size_pretty(pg_total_relation_size(c.oid)) AS total
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE n.nspname = $1 AND c.relkind = 'r'
   ORDER BY pg_total_relation_size(c.oid) DESC`, ["public"]);

console.table(sizes);

const dead = await query<{ relname: string; n_dead_tup: string }>(
  "SELECT relname, n_dead_tup FROM pg_stat_user_tables WHERE n_dead_tup > 1000",
);
for (const row of dead) console.log(`${row.relname} has ${row.n_dead_tup} deleted rows to vacuum`);

await pool.end();
