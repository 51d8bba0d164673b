import type { PrismaClient } from "@prisma/client";
import { prisma } from "./prisma";

/** Removes favorites whose mod is archived. */
export async function deleteOrphanFavorites(): Promise<number> {
  const { count } = await prisma.favorite.deleteMany({
    where: { mod: { status: "ARCHIVED" } },
  });
  return count;
}

export async function purgeExpiredSessions(now = new Date()) {
  return prisma.session.deleteMany({ where: { expiresAt: { lt: now } } });
}

export async function wipe(client: PrismaClient, table: string) {
  await client.$executeRawUnsafe(`TRUNCATE TABLE "${table}" RESTART IDENTITY CASCADE`);
}

export async function touchUser(userId: string) {
  await prisma.user.update({ where: { id: userId }, data: { lastSeenAt: new Date() } });
}
