/** @param { import("knex").Knex } knex */
export async function up(knex) {
  await knex.schema.alterTable("mods", (table) => {
    table.dropColumn("legacy_id");
    table.dropColumns("thumb_small", "thumb_large");
  });

  if (await knex.schema.hasTable("legacy_mods")) {
    await knex.schema.renameTable("legacy_mods", "mods_2022");
  }
}

/** @param { import("knex").Knex } knex */
export async function down(knex) {
  await knex.schema.alterTable("mods", (table) => {
    table.integer("legacy_id");
    table.text("thumb_small");
    table.text("thumb_large");
  });
}
