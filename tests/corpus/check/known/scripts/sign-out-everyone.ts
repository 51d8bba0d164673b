import { prisma } from "@/lib/prisma";

const { user, session } = prisma;

async function signOutEveryone() {
  const people = await user.count();
  const open = await session.count();
  console.log(`${people} users, ${open} open sessions`);
  return session.deleteMany();
}

signOutEveryone()
  .then((r) => console.log(`signed out ${r.count}`))
  .catch((e) => {
    console.error(e);
    process.exitCode = 1;
  })
  .finally(() => prisma.$disconnect());
