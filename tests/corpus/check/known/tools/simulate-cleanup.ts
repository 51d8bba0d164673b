type Row = { id: number; stars: number };

function table(rows: Row[]) {
  return {
    async findMany() {
      return [...rows];
    },
    async deleteMany({ where }: { where: { stars: number } }) {
      const before = rows.length;
      rows = rows.filter((r) => r.stars !== where.stars);
      return { count: before - rows.length };
    },
    async update({ where, data }: { where: { id: number }; data: Partial<Row> }) {
      rows = rows.map((r) => (r.id === where.id ? { ...r, ...data } : r));
    },
  };
}

const prisma = {
  review: table(Array.from({ length: 1000 }, (_, id) => ({ id, stars: id % 6 }))),
};

await prisma.review.update({ where: { id: 1 }, data: { stars: 0 } });
const { count } = await prisma.review.deleteMany({ where: { stars: 0 } });
console.log(`would lose ${count} of 1000; ${(await prisma.review.findMany()).length} left`);
