import { PrismaClient } from '@prisma/client'

const prisma = new PrismaClient()

interface Orphan {
  id: number
  value: string
}

async function main() {
  // To get rid of them: prisma.facetValue.deleteMany({ where: { id: { in: ids } } })
  const orphans = await prisma.$queryRaw<Orphan[]>`
    -- DELETE FROM facet_values v
    SELECT v.id, v.value
      FROM facet_values v
      LEFT JOIN facet_definitions d ON d.id = v.definition_id
     /* UPDATE comes later */
     WHERE d.id IS NULL`

  if (orphans.length) {
    console.table(orphans)
    process.exitCode = 1
  }
}

main().finally(() => prisma.$disconnect())
