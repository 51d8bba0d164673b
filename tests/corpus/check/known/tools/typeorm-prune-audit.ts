import { AppDataSource } from "../src/lib/typeorm/data-source";
import { AuditEntity } from "../src/lib/typeorm/entities";

async function main() {
  const ds = await AppDataSource.initialize();
  try {
    const { affected } = await ds
      .createQueryBuilder()
      .delete()
      .from(AuditEntity)
      .where("action IN (:...actions)", { actions: ["view", "search"] })
      .execute();
    console.log(`${affected ?? 0} rows of no interest`);
  } finally {
    await ds.destroy();
  }
}

main().catch((e) => {
  console.error(e);
  process.exit(1);
});
