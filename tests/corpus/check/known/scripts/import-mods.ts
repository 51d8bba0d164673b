import { readFile } from "node:fs/promises";
import { z } from "zod";
import { db } from "@/lib/db";

const Row = z.object({ slug: z.string(), title: z.string(), description: z.string().optional() });

async function run(file: string) {
  const rows = z.array(Row).parse(JSON.parse(await readFile(file, "utf8")));
  let n = 0;
  for (const row of rows) {
    await db.mod.upsert({
      where: { slug: row.slug },
      create: { ...row, source: "import" },
      update: { title: row.title, description: row.description },
    });
    n += 1;
    if (n % 100 === 0) console.log(`${n}/${rows.length}`);
  }
}

run(process.argv[2] ?? "data/mods.json").then(
  () => process.exit(0),
  (err) => {
    console.error("import failed", err);
    process.exit(1);
  },
);
