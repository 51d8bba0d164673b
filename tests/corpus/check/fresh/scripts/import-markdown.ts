import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { prisma } from "../src/db";
import { slugify } from "../src/lib/text";

function digest(text: string): string {
  const hash = createHash("sha1");
  hash.update(text);
  hash.update("\0inkwell");
  return hash.digest("hex").slice(0, 8);
}

const dir = process.argv[2] ?? "content";

for (const file of (await readdir(dir)).filter((f) => f.endsWith(".md"))) {
  const text = await readFile(join(dir, file), "utf8");
  const title = /^#\s+(.+)$/m.exec(text)?.[1] ?? file.replace(/\.md$/, "");
  const names = new Set((/^tags:\s*(.+)$/m.exec(text)?.[1] ?? "").split(/\s*,\s*/));
  names.delete("");

  const slug = `${slugify(title)}-${digest(text)}`;
  if (await prisma.post.findUnique({ where: { slug }, select: { id: true } })) {
    console.log(`= ${slug}`);
    continue;
  }

  await prisma.post.create({
    data: {
      slug,
      title,
      body: text.replace(/^tags:.*$/m, ""),
      tags: {
        create: [...names].map((name) => ({
          tag: { connectOrCreate: { where: { name }, create: { name } } },
        })),
      },
    },
  });
  console.log(`+ ${slug}`);
}

await prisma.$disconnect();
