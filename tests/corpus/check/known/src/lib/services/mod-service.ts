import type { PrismaClient } from "@prisma/client";

export class ModService {
  constructor(private readonly prisma: PrismaClient) {}

  list(take = 50) {
    return this.prisma.mod.findMany({ take, orderBy: { createdAt: "desc" } });
  }

  async publish(slug: string) {
    return this.prisma.mod.update({ where: { slug }, data: { status: "PUBLISHED" } });
  }

  async remove(slug: string) {
    const mod = await this.prisma.mod.findUniqueOrThrow({ where: { slug } });
    await this.prisma.deletedItem.create({
      data: { entity: "mod", entityId: mod.id, snapshot: mod as object },
    });
    await this.prisma.mod.delete({ where: { slug } });
  }
}
