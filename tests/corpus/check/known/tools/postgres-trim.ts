import postgres from "postgres";

const sql = postgres({ max: 1, onnotice: () => {} });

const target = { table: "audit_logs", column: "created_at" };
const cutoff = new Date(Date.now() - 180 * 86_400_000);

async function trim(batch = 5000) {
  const result = await sql`
    delete from ${sql(target.table)}
     where ctid in (
       select ctid from ${sql(target.table)}
        where ${sql(target.column)} < ${cutoff}
        limit ${batch}
     )`;
  return result.count;
}

let n: number;
let total = 0;
do {
  n = await trim();
  total += n;
} while (n > 0);

console.log({ table: target.table, total });
await sql.end({ timeout: 5 });
