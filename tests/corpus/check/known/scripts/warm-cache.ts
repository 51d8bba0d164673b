import { prisma } from "@/lib/prisma";
import { cache } from "@/lib/services/cache";

const mods = await prisma.mod.findMany({ where: { status: "PUBLISHED" }, include: { tags: true } });

const pending = new Map(mods.map((mod) => [mod.slug, mod]));
const seen = new Set<string>();

cache.clear();
cache.deleteMany(["front-page", "facets"]);

for (const [slug, mod] of pending) {
  cache.set(`mod:${slug}`, mod);
  for (const tag of mod.tags) seen.add(tag.name);
  pending.delete(slug);
}

console.log(`${mods.length} mods, ${seen.size} tags`);
seen.clear();
await prisma.$disconnect();
