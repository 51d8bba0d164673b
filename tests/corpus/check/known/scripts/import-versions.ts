import { readFile } from "node:fs/promises";
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

function parse(csv: string) {
  return csv
    .split("\n")
    .slice(1)
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [slug, number, fileUrl] = line.split(",");
      return { slug, number, fileUrl };
    });
}

async function main() {
  const rows = parse(await readFile("data/versions.csv", "utf8"));
  const mods = await prisma.mod.findMany({ select: { id: true, slug: true } });
  const ids = new Map(mods.map((m) => [m.slug, m.id]));

  const data = rows.flatMap(({ slug, number, fileUrl }) => {
    const modId = ids.get(slug);
    return modId ? [{ modId, number, fileUrl }] : [];
  });

  const { count } = await prisma.modVersion.createMany({ data, skipDuplicates: true });
  console.log(`${count} new versions of ${rows.length}`);
}

main().finally(() => prisma.$disconnect());
