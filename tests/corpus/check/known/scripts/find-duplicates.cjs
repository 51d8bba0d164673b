const { PrismaClient } = require('@prisma/client')

const prisma = new PrismaClient()

async function findDuplicates () {
  const groups = await prisma.mod.groupBy({
    by: ['title'],
    _count: { title: true },
    having: { title: { _count: { gt: 1 } } }
  })

  for (const group of groups) {
    const mods = await prisma.mod.findMany({ where: { title: group.title } })
    console.log(group.title)
    mods.forEach(mod => console.log('   %s  %s', mod.id, mod.slug))
  }
  return groups.length
}

findDuplicates()
  .then(n => { process.exitCode = n ? 1 : 0 })
  .finally(() => prisma.$disconnect())
