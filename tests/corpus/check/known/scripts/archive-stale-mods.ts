import { PrismaClient } from '@prisma/client'

const prisma = new PrismaClient()
const DAYS = Number(process.argv[2] ?? 365)

const before = new Date(Date.now() - DAYS * 24 * 60 * 60 * 1000)

const { count } = await prisma.mod.updateMany({
  where: { updatedAt: { lt: before }, status: 'DRAFT' },
  data: { status: 'ARCHIVED' },
})

console.log(`Archived ${count} drafts not touched since ${before.toISOString()}`)
await prisma.$disconnect()
