import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();

async function createMod(title: string, tags: string[], authorEmail: string) {
  const slug = title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return prisma.mod.create({
    data: {
      slug,
      title,
      author: { connect: { email: authorEmail } },
      tags: {
        connectOrCreate: tags.map((name) => ({ where: { name }, create: { name } })),
      },
      versions: { create: { number: "1.0.0", fileUrl: `/files/${slug}.zip` } },
    },
    include: { tags: true, versions: true },
  });
}

const [title, author, ...tags] = process.argv.slice(2);
console.dir(await createMod(title, tags, author), { depth: 3 });
await prisma.$disconnect();
