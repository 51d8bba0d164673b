import "reflect-metadata";
import { DataSource } from "typeorm";
import { User } from "./entities/User";

export const dataSource = new DataSource({
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [User],
  synchronize: false,
});
