import { prisma } from "../src/db";

// Comments imported from the old blog engine have neither an account nor a name.
async function main() {
  const where = { authorId: null, authorName: null };

  const found = await prisma.comment.count({ where });
  console.log(`${found} orphan comment(s)`);
  if (found === 0) return;

  const { count } = await prisma.comment.deleteMany({ where });
  console.log(`removed ${count}`);
}

main()
  .catch((err) => {
    console.error(err);
    process.exitCode = 1;
  })
  .finally(() => prisma.$disconnect());
