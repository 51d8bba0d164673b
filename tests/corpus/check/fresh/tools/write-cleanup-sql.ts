// Writes a file of DELETE statements for the database team to look over and run.
import { writeFileSync } from "node:fs";
import { pool } from "../src/pool";

interface Duplicate {
  email: string;
  ids: number[];
}

const { rows } = await pool.query<Duplicate>(`
  select lower(email) as email, array_agg(id order by created_at) as ids
    from newsletter_signups
   group by 1
  having count(*) > 1
`);

const statements: string[] = ["BEGIN;"];
for (const { email, ids } of rows) {
  const [keep, ...gone] = ids;
  statements.push(`-- ${email}: keeps ${keep}`);
  statements.push(`DELETE FROM newsletter_signups WHERE id IN (${gone.join(", ")});`);
}
statements.push("UPDATE newsletter_signups SET email = lower(email);", "COMMIT;", "");

const out = `cleanup-${new Date().toISOString().slice(0, 10)}.sql`;
writeFileSync(out, statements.join("\n"));
console.log(`${rows.length} duplicate address(es); see ${out}`);

await pool.end();
