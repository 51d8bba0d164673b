import { Command } from "commander";
import { db } from "@/lib/db";

const program = new Command("orders").description("Look at orders and tidy them");

program
  .command("list")
  .option("-s, --status <status>", "only these", "open")
  .action(async ({ status }: { status: string }) => {
    console.table(await db.order.findMany({ where: { status }, take: 50 }));
  });

program
  .command("sum")
  .action(async () => {
    const { _sum } = await db.order.aggregate({ _sum: { total: true } });
    console.log(_sum.total);
  });

program
  .command("tidy")
  .description("take out carts that nobody came back to")
  .option("--dry-run", "only say how many", true)
  .option("--no-dry-run")
  .action(async (opts: { dryRun: boolean }) => {
    const where = { status: "open", total: 0 };
    if (opts.dryRun) console.log(await db.order.count({ where }));
    else console.log(await db.order.deleteMany({ where }));
  });

await program.parseAsync();
await db.$disconnect();
