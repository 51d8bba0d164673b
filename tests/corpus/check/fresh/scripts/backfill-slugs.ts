#!/usr/bin/env tsx
import prisma from "@/db";
import { slugify } from "@/lib/text";

const BATCH = 200;
let cursor = 0;
let filled = 0;

while (true) {
  const posts = await prisma.post.findMany({
    where: { id: { gt: cursor }, slug: null },
    orderBy: { id: "asc" },
    take: BATCH,
    select: { id: true, title: true },
  });
  if (posts.length === 0) break;

  for (const { id, title } of posts) {
    const base = slugify(title) || "post";
    const taken = await prisma.post.findUnique({ where: { slug: base } });
    await prisma.post.update({
      where: { id },
      data: { slug: taken ? `${base}-${id}` : base },
    });
    filled += 1;
  }
  cursor = posts[posts.length - 1].id;
}

console.log(`filled ${filled} slug(s)`);
await prisma.$disconnect();
