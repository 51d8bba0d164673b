import { lt } from "drizzle-orm";
import { orm, schema } from "@/lib/drizzle";
import { pool } from "@/lib/pool";

const { removed: bin } = schema;
const DAYS = 30;

async function empty() {
  const limit = new Date(Date.now() - DAYS * 24 * 3600 * 1000);
  await orm.transaction(async (tx) => {
    const result = await tx.delete(bin).where(lt(bin.deletedAt, limit));
    console.log(`bin: ${result.rowCount ?? 0} items older than ${DAYS} days`);
  });
}

try {
  await empty();
} finally {
  await pool.end();
}
