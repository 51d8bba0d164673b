import prisma from "@/lib/prisma";

const [email, name, role = "member"] = process.argv.slice(2);

if (!email?.includes("@")) {
  console.error("usage: create-user <email> [name] [role]");
  process.exit(1);
}

const user = await prisma.user.create({
  data: {
    email,
    name,
    role,
    preferences: { create: { create: true, update: true, delete: false } },
    accounts: { create: { provider: "mail", externalId: email } },
  },
  include: { preferences: true },
});

console.log(`${user.id} may ${user.preferences?.update ? "" : "not "}get updates`);
await prisma.$disconnect();
