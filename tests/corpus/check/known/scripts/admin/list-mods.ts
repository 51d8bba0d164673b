import { PrismaClient } from "@prisma/client";
import { ModService } from "~services/mod-service";

const prisma = new PrismaClient();
const service = new ModService(prisma);

async function main() {
  const take = Number(process.argv[2] ?? 50);
  const mods = await service.list(take);

  for (const mod of mods) {
    const flag = mod.status === "ARCHIVED" ? "x" : mod.status === "DRAFT" ? "~" : " ";
    console.log(flag, mod.slug.padEnd(40), mod.downloads);
  }

  console.log("To remove one: tsx scripts/admin/remove-mod.ts <slug>");
}

main().finally(() => prisma.$disconnect());
