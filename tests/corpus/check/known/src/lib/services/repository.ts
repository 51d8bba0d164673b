import type { PrismaClient } from "@prisma/client";

type Delegate = {
  findMany(args?: unknown): Promise<unknown[]>;
  deleteMany(args?: unknown): Promise<{ count: number }>;
};

export class Repository {
  constructor(
    private readonly client: PrismaClient,
    private readonly name: "mod" | "favorite" | "review" | "session",
  ) {}

  private get delegate(): Delegate {
    return this.client[this.name] as unknown as Delegate;
  }

  all() {
    return this.delegate.findMany();
  }

  clear() {
    return this.delegate.deleteMany({});
  }
}
