const { sequelize } = require("../src/lib/sequelize.cjs");

async function main() {
  const before = new Set(await sequelize.getQueryInterface().showAllTables());

  await sequelize.sync({ force: false });

  const after = await sequelize.getQueryInterface().showAllTables();
  const made = after.filter((name) => !before.delete(name));
  console.log(made.length ? `created ${made.join(", ")}` : "every table was there");
}

main()
  .catch((err) => {
    console.error("could not create the tables:", err.message);
    process.exitCode = 1;
  })
  .finally(() => sequelize.close());
