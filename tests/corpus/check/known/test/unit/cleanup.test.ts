import { expect, test, vi } from "vitest";

const deleteMany = vi.hoisted(() => vi.fn(async () => ({ count: 7 })));

vi.mock("@/lib/prisma", () => ({
  prisma: {
    favorite: { deleteMany },
    session: { deleteMany },
  },
}));

import { deleteOrphanFavorites, purgeExpiredSessions } from "@/lib/cleanup";

test("says how many favorites went", async () => {
  expect(await deleteOrphanFavorites()).toBe(7);
});

test("asks only for sessions that are over", async () => {
  const now = new Date("2024-06-01T00:00:00Z");
  await purgeExpiredSessions(now);
  expect(deleteMany).toHaveBeenLastCalledWith({ where: { expiresAt: { lt: now } } });
});
