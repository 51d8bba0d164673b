import { randomBytes } from "node:crypto";
import { prisma } from "@/db";

// Puts one paid order on record to see that the confirmation mail goes out.
async function placeTestOrder(email: string, sku: string) {
  const product = await prisma.product.findUniqueOrThrow({ where: { sku } });
  const number = `TEST-${randomBytes(3).toString("hex")}`;

  const placed = await prisma.order.create({
    data: {
      number,
      status: "PAID",
      totalCents: product.priceCents * 2,
      user: { connect: { email } },
      items: {
        create: {
          quantity: 2,
          unitCents: product.priceCents,
          product: { connect: { sku } },
        },
      },
    },
    include: { items: true },
  });

  console.log(`placed ${placed.number} with ${placed.items.length} line(s)`);
}

placeTestOrder(process.argv[2] ?? "qa@example.org", process.argv[3] ?? "MUG-01").finally(() =>
  prisma.$disconnect(),
);
