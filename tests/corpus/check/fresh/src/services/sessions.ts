import { prisma } from "../db";

export async function countExpired(now = new Date()): Promise<number> {
  return prisma.session.count({ where: { expiresAt: { lt: now } } });
}

export async function tidySessions(now = new Date()): Promise<number> {
  const { count } = await prisma.session.deleteMany({ where: { expiresAt: { lt: now } } });
  return count;
}
