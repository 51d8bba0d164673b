/**
 * @param { import("knex").Knex } knex
 * @returns { Promise<void> }
 */
export const seed = async function (knex) {
  // Deletes ALL existing entries
  await knex("facet_definitions").del();
  await knex("facet_definitions").insert([
    { id: 1, key: "room", label: "Room", position: 1 },
    { id: 2, key: "style", label: "Style", position: 2 },
    { id: 3, key: "material", label: "Material", position: 3 },
  ]);
};
