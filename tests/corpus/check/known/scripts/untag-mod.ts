import { prisma } from "@/lib/prisma";

async function untag(slug: string) {
  const mod = await prisma.mod.update({
    where: { slug },
    data: { tags: { set: [] }, updatedAt: new Date() },
    include: { tags: true },
  });
  return mod.tags.length;
}

async function main() {
  const slug = process.argv[2];
  if (!slug) throw new Error("which mod?");
  const left = await untag(slug);
  console.log(`${slug} has ${left} tags now`);
}

main()
  .catch(console.error)
  .finally(() => prisma.$disconnect());
