import { prisma } from "../src/db";

class Undo extends Error {
  constructor(readonly removed: number, readonly remaining: number) {
    super("preview only");
  }
}

// Carries the removal out inside a transaction and always backs out of it,
// which shows the true numbers, foreign keys and all.
async function preview(words: string[]) {
  try {
    await prisma.$transaction(async (tx) => {
      const { count } = await tx.comment.deleteMany({
        where: { OR: [{ spam: true }, ...words.map((w) => ({ body: { contains: w } }))] },
      });
      throw new Undo(count, await tx.comment.count());
    });
  } catch (err) {
    if (!(err instanceof Undo)) throw err;
    return { removed: err.removed, remaining: err.remaining };
  }
}

const words = process.argv.slice(2);
console.log(await preview(words.length ? words : ["casino", "replica watches"]));
await prisma.$disconnect();
