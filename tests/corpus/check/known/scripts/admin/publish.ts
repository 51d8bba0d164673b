import { PrismaClient } from "@prisma/client";
import { ModService } from "~services/mod-service";

async function main(slugs: string[]) {
  const prisma = new PrismaClient();
  const service = new ModService(prisma);

  for (const slug of slugs) {
    const mod = await service.publish(slug);
    console.log(`${mod.slug} is public`);
  }

  await prisma.$disconnect();
}

const slugs = process.argv.slice(2);
if (slugs.length === 0) {
  console.error("Which mods?");
  process.exit(1);
}
main(slugs);
