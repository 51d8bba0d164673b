import { PrismaClient } from "@prisma/client"

const prisma = new PrismaClient()

const tables = ["favorites", "reviews"] as const

async function emptyAll() {
  for (const name of tables) {
    const before = await prisma.$queryRawUnsafe<{ n: bigint }[]>(`SELECT count(*) AS n FROM "${name}"`)
    console.log(name, before[0].n.toString())
    await prisma.$executeRawUnsafe(`DELETE FROM "${name}"`)
  }
}

emptyAll()
  .then(() => console.log("activity is back at zero"))
  .finally(() => prisma.$disconnect())
