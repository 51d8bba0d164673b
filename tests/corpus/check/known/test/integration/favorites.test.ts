import { beforeEach, describe, expect, it } from "vitest";
import { prisma } from "@/lib/prisma";
import { countOrphanFavorites } from "@/lib/inspect";

beforeEach(async () => {
  await prisma.favorite.deleteMany();
  await prisma.user.deleteMany({ where: { email: { endsWith: "@example.test" } } });
});

describe("orphan favorites", () => {
  it("are not there at first", async () => {
    expect(await countOrphanFavorites()).toBe(0);
  });

  it("are counted once their mod is archived", async () => {
    const user = await prisma.user.create({ data: { email: "ada@example.test" } });
    const mod = await prisma.mod.create({
      data: { slug: `t-${Date.now()}`, title: "Stool", status: "ARCHIVED" },
    });
    await prisma.favorite.create({ data: { userId: user.id, modId: mod.id } });
    expect(await countOrphanFavorites()).toBe(1);
  });
});
