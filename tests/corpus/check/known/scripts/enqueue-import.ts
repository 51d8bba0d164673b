import { stat } from "node:fs/promises";
import { prisma } from "@/lib/prisma";

async function enqueue(files: string[]) {
  const known: string[] = [];
  for (const file of files) {
    const info = await stat(file).catch(() => null);
    if (info?.isFile()) known.push(file);
    else console.warn("skipping", file);
  }

  return Promise.all(
    known.map((file) => prisma.importJob.create({ data: { file }, select: { id: true, file: true } })),
  );
}

enqueue(process.argv.slice(2))
  .then((jobs) => console.table(jobs))
  .finally(() => prisma.$disconnect());
