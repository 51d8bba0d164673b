import { db } from "../src/lib/knex";

const cutoff = process.argv[2] ?? "2023-01-01";

const queries = [
  db("sessions").where("expires_at", "<", cutoff).del(),
  db("reviews").where({ stars: 0 }).update({ body: null }),
  db("favorites")
    .whereIn("mod_id", db("mods").select("id").where("status", "ARCHIVED"))
    .delete(),
];

console.log("BEGIN;");
for (const query of queries) {
  console.log(`${query.toString()};`);
}
console.log("COMMIT;");

// The pool, not a table:
void db.destroy();
