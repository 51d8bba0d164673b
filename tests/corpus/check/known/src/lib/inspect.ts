import { prisma } from "./prisma";

export async function countOrphanFavorites() {
  return prisma.favorite.count({ where: { mod: { status: "ARCHIVED" } } });
}

export async function findStaleMods(before: Date) {
  return prisma.mod.findMany({
    where: { updatedAt: { lt: before }, status: "DRAFT" },
    select: { id: true, slug: true, updatedAt: true },
  });
}

/** What a clean-up would take: it looks, it does not remove. */
export async function deletionReport() {
  const [sessions, favorites] = await Promise.all([
    prisma.session.count({ where: { expiresAt: { lt: new Date() } } }),
    countOrphanFavorites(),
  ]);
  return { sessions, favorites };
}
