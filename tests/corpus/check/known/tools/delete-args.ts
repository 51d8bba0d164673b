import type { Prisma } from "@prisma/client";

export type DeleteModArgs = Prisma.ModDeleteManyArgs;
export type UpdateModArgs = Prisma.ModUpdateManyArgs;

export const deleteDrafts = (before: Date): DeleteModArgs => ({
  where: { status: "DRAFT", updatedAt: { lt: before } },
});

export const archiveDrafts = (before: Date): UpdateModArgs => ({
  ...deleteDrafts(before),
  data: { status: "ARCHIVED" },
});

export type Deleter = {
  delete(args: DeleteModArgs): Promise<void>;
  deleteMany(args: DeleteModArgs[]): Promise<void>;
};

export const describeDelete = (args: DeleteModArgs) => `mod.deleteMany(${JSON.stringify(args)})`;
