import { sql } from "../src/lib/sql";

const [from, into] = process.argv.slice(2);
if (!from || !into) throw new Error("usage: postgres-merge-tags <from> <into>");

const moved = await sql.begin(async (tx) => {
  const [a] = await tx<{ id: number }[]>`select id from tags where name = ${from}`;
  const [b] = await tx<{ id: number }[]>`select id from tags where name = ${into}`;
  if (!a || !b) return 0;

  const rows = await tx`
    update "_ModToTag" set "B" = ${b.id}
     where "B" = ${a.id}
       and "A" not in (select "A" from "_ModToTag" where "B" = ${b.id})`;
  await tx`delete from tags where id = ${a.id}`;
  return rows.count;
});

console.log(`${moved} mods moved from ${from} to ${into}`);
await sql.end();
