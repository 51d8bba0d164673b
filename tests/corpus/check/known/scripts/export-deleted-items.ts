import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { prisma } from "@/lib/prisma";

async function main() {
  const out = createWriteStream(process.argv[2] ?? "deleted-items.ndjson");
  let deleted = 0;
  let after = 0;

  for (;;) {
    const items = await prisma.deletedItem.findMany({
      where: { id: { gt: after } },
      orderBy: { id: "asc" },
      take: 500,
    });
    if (items.length === 0) break;
    for (const item of items) {
      if (!out.write(JSON.stringify(item) + "\n")) await once(out, "drain");
      deleted += 1;
    }
    after = items[items.length - 1].id;
  }

  out.end();
  console.log(`wrote ${deleted} deleted items`);
}

main().finally(() => prisma.$disconnect());
