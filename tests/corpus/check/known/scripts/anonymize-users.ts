import "dotenv/config"
import { faker } from "@faker-js/faker"
import { PrismaClient } from "@prisma/client"

if (!process.env.DATABASE_URL?.includes("localhost")) {
  console.error("This is for local copies of production only")
  process.exit(1)
}

const prisma = new PrismaClient()

async function main() {
  const users = await prisma.user.findMany({ select: { id: true } })
  console.time("anonymize")
  for (const { id } of users) {
    await prisma.user.update({
      where: { id },
      data: { email: `${id}@example.invalid`, name: faker.person.fullName() },
    })
  }
  console.timeEnd("anonymize")
}

main().finally(() => prisma.$disconnect())
