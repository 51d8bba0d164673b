import { prisma } from "@/db";
import { MemoryCache } from "@/lib/cache";

const post = new MemoryCache<{ title: string; body: string }>(60_000);

async function load(limit: number) {
  const rows = await prisma.post.findMany({
    where: { publishedAt: { not: null }, deletedAt: null },
    orderBy: { views: "desc" },
    take: limit,
  });
  for (const { slug, title, body } of rows) {
    if (slug) post.update(slug, { title, body });
  }
  return rows;
}

const rows = await load(500);

// Oversized pages are served from disk.
const big = rows.filter((r) => r.body.length > 200_000).map((r) => r.slug ?? "");
console.log(`dropped ${post.deleteMany(big)} large page(s)`);
post.delete("index");

const url = new URL(process.env.SITE_URL ?? "http://localhost:3000/?draft=1");
url.searchParams.delete("draft");

for (const { slug } of rows) {
  const res = await fetch(new URL(`/posts/${slug}`, url), { method: "HEAD" });
  if (!res.ok) console.warn(slug, res.status);
}

console.log(`${post.size} page(s) warm`);
await prisma.$disconnect();
