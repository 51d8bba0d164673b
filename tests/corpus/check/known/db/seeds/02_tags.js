const NAMES = ["oak", "walnut", "rattan", "steel", "glass", "linen"];

/** @param { import("knex").Knex } knex */
export async function seed(knex) {
  // Does not delete: see 01_facets.js for one that does.
  const existing = new Set(await knex("tags").pluck("name"));
  const wanted = new Set(NAMES);
  for (const name of existing) wanted.delete(name);

  if (wanted.size === 0) return;
  await knex("tags")
    .insert([...wanted].map((name) => ({ name })))
    .onConflict("name")
    .ignore();
}
