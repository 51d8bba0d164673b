const { sequelize, Favorite, Order } = require("../src/lib/sequelize.cjs");

async function rehearse() {
  const transaction = await sequelize.transaction();
  try {
    const favorites = await Favorite.destroy({ where: {}, transaction });
    const [orders] = await Order.update(
      { status: "abandoned" },
      { where: { status: "open" }, transaction },
    );
    return { favorites, orders };
  } finally {
    await transaction.rollback();
  }
}

rehearse()
  .then((counts) => console.log("would change", counts))
  .finally(() => sequelize.close());
