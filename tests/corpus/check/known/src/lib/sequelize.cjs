const { Sequelize, DataTypes } = require("sequelize");

const sequelize = new Sequelize(process.env.DATABASE_URL, { logging: false });

const Mod = sequelize.define(
  "Mod",
  {
    id: { type: DataTypes.TEXT, primaryKey: true },
    slug: DataTypes.TEXT,
    title: DataTypes.TEXT,
    status: DataTypes.TEXT,
  },
  { tableName: "mods", underscored: true },
);

const Order = sequelize.define(
  "Order",
  {
    id: { type: DataTypes.TEXT, primaryKey: true },
    status: DataTypes.TEXT,
    total: DataTypes.INTEGER,
  },
  { tableName: "orders", underscored: true, updatedAt: false },
);

const Favorite = sequelize.define(
  "Favorite",
  {
    userId: { type: DataTypes.TEXT, primaryKey: true },
    modId: { type: DataTypes.TEXT, primaryKey: true },
  },
  { tableName: "favorites", underscored: true, updatedAt: false },
);

module.exports = { sequelize, Mod, Order, Favorite };
