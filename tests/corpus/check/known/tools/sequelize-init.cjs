const { sequelize, Mod } = require("../src/lib/sequelize.cjs");

async function init() {
  await sequelize.authenticate();
  await sequelize.sync({ force: true });

  await Mod.bulkCreate([
    { id: "m1", slug: "oak-shelf", title: "Oak shelf", status: "PUBLISHED" },
    { id: "m2", slug: "cane-lamp", title: "Cane lamp", status: "DRAFT" },
  ]);

  console.log("%d mods", await Mod.count());
}

init()
  .catch((err) => {
    console.error(err);
    process.exitCode = 1;
  })
  .finally(() => sequelize.close());
