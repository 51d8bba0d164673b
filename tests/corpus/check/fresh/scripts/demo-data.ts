import { faker } from "../src/lib/faker";
import { prisma } from "../src/db";

const tables = ["orderItem", "order", "product"] as const;

async function blank() {
  for (const name of tables) {
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    await (prisma[name] as any).deleteMany();
  }
}

async function fill() {
  const user = await prisma.user.findFirstOrThrow({ where: { role: "ADMIN" } });

  for (let i = 0; i < 25; i++) {
    const product = await prisma.product.create({
      data: { sku: `DEMO-${i}`, name: faker.word(), priceCents: 500 + i * 75, stock: 10 },
    });
    await prisma.order.create({
      data: {
        number: `D${1000 + i}`,
        status: "PAID",
        totalCents: product.priceCents,
        user: { connect: { id: user.id } },
        items: { create: [{ productId: product.id, unitCents: product.priceCents }] },
      },
    });
  }
}

await blank();
await fill();
await prisma.$disconnect();
