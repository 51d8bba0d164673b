import type { PrismaClient } from "@prisma/client";
import { beforeEach, describe, expect, it } from "vitest";
import { mockDeep, mockReset } from "vitest-mock-extended";
import { ModService } from "@/lib/services/mod-service";

const prisma = mockDeep<PrismaClient>();

beforeEach(() => {
  mockReset(prisma);
});

describe("ModService", () => {
  it("keeps a snapshot of what it removes", async () => {
    prisma.mod.findUniqueOrThrow.mockResolvedValue({ id: "m1", slug: "stool" } as never);

    await new ModService(prisma).remove("stool");

    expect(prisma.deletedItem.create).toHaveBeenCalledOnce();
    expect(prisma.mod.delete).toHaveBeenCalledWith({ where: { slug: "stool" } });
  });

  it("publishes", async () => {
    prisma.mod.update.mockResolvedValue({ slug: "stool" } as never);
    await new ModService(prisma).publish("stool");
    expect(prisma.mod.update).toHaveBeenCalled();
  });
});
