/**
 * Makes the account of a guest author and hands the given posts to it.
 *
 *   tsx scripts/adopt-posts.ts ada@example.org "Ada" 14 15 22
 */
import { Role } from "@prisma/client";
import { prisma } from "../src/db";

const [email, name, ...ids] = process.argv.slice(2);

if (!email || ids.length === 0) {
  console.error("give an address, a name and the numbers of the posts");
  process.exit(64);
}

const author = await prisma.user.create({
  data: {
    email,
    name,
    role: Role.AUTHOR,
    posts: {
      connect: ids.map((id) => ({ id: Number(id) })),
    },
  },
  include: { posts: { select: { title: true } } },
});

console.log(`created ${author.email} with:`);
for (const { title } of author.posts) console.log(` - ${title}`);

await prisma.$disconnect();
