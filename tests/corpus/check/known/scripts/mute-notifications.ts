import { prisma } from "../src/lib/prisma";

/** Nobody wants mail about every update while we re-import the catalogue. */
async function mute(emails: string[]) {
  const where = emails.length > 0 ? { user: { email: { in: emails } } } : {};
  const { count } = await prisma.notificationPreference.updateMany({
    where,
    data: { create: false, update: false, delete: false },
  });
  return count;
}

mute(process.argv.slice(2))
  .then((count) => console.log(`muted ${count}`))
  .finally(() => prisma.$disconnect());
