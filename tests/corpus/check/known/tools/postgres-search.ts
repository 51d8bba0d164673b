import { sql } from "../src/lib/sql";

const patterns = ["%drop table%", "%delete from%", "%; truncate%", "%update users set%"];

const hits = await sql<{ id: string; body: string; email: string }[]>`
  select r.id, r.body, u.email
    from reviews r
    join users u on u.id = r.user_id
   where r.body ilike any (${patterns})
   order by r.id`;

for (const { id, body, email } of hits) {
  console.log(`${id} by ${email}: ${body.slice(0, 80)}`);
}

console.log(`${hits.length} reviews look like an attempt at injection`);
await sql.end();
