import "reflect-metadata";
import { DataSource } from "typeorm";
import { AuditEntity, ModEntity, ReviewEntity } from "./entities";

export const AppDataSource = new DataSource({
  type: "postgres",
  url: process.env.DATABASE_URL,
  entities: [ModEntity, ReviewEntity, AuditEntity],
  synchronize: false,
});
