import { prisma } from "@/lib/prisma";
import { ModService } from "@/lib/services/mod-service";

const service = new ModService(prisma);
const slug = process.argv.at(2);

if (!slug) {
  console.log("Known mods:");
  for (const mod of await service.list(10)) console.log(" -", mod.slug);
  process.exit(0);
}

await service.remove(slug);
console.log(`Removed ${slug}. Its last state is in deleted_items.`);
await prisma.$disconnect();
