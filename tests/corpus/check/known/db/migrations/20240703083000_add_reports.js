/** @param { import("knex").Knex } knex */
export async function up(knex) {
  await knex.schema.createTable("reports", (table) => {
    table.increments("id");
    table.text("mod_id").notNullable().references("mods.id").onDelete("CASCADE").onUpdate("CASCADE");
    table.text("reason").notNullable();
    table.timestamp("created_at").notNullable().defaultTo(knex.fn.now());
  });

  await knex.schema.alterTable("mods", (table) => {
    table.timestamp("deleted_at").nullable();
    table.index(["deleted_at"], "mods_deleted_at_idx");
  });
}

export async function down() {
  throw new Error("There is no way back: dropping the table would lose reports");
}
