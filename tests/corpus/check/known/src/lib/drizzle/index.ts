import { drizzle } from "drizzle-orm/node-postgres";
import { pool } from "../pool";
import * as schema from "./schema";

export const orm = drizzle(pool, { schema });
export { schema };
