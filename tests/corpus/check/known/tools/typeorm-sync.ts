import { AppDataSource } from "../src/lib/typeorm/data-source";

const fresh = process.argv.includes("--fresh");

AppDataSource.initialize()
  .then(async (ds) => {
    console.log("connected to", ds.options.database ?? "(url)");
    // brings the tables in line with the entities
    await ds.synchronize(fresh);
    const tables = await ds.query(
      "select table_name from information_schema.tables where table_schema = 'public'",
    );
    console.table(tables);
    await ds.destroy();
  })
  .catch((error) => {
    console.error("sync failed", error);
    process.exit(1);
  });
