import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { prisma } from "@/lib/prisma";

const DIR = "snapshots";
const KEEP = 7;

async function removeOld() {
  const files = (await readdir(DIR)).filter((f) => f.endsWith(".json")).sort();
  const old = files.slice(0, Math.max(0, files.length - KEEP));
  for (const file of old) {
    await rm(join(DIR, file), { force: true });
    console.log("deleted", file);
  }
}

async function main() {
  await mkdir(DIR, { recursive: true });
  const mods = await prisma.mod.findMany({ include: { versions: true, facets: true } });
  const file = `mods-${new Date().toISOString().replace(/:/g, "")}.json`;
  await writeFile(join(DIR, file), JSON.stringify(mods, null, 2));
  await removeOld();
}

main().finally(() => prisma.$disconnect());
