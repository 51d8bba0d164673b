export { prisma as db } from "./prisma";
export type { PrismaClient, Prisma } from "@prisma/client";
