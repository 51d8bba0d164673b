import { prisma } from "@/lib/prisma";

const copied = await prisma.$executeRaw`
  INSERT INTO deleted_items (entity, entity_id, snapshot, deleted_at)
  SELECT 'mod', m.id, to_jsonb(m), now()
    FROM mods m
   WHERE m.status = 'ARCHIVED'
     AND NOT EXISTS (
       SELECT 1 FROM deleted_items d WHERE d.entity = 'mod' AND d.entity_id = m.id
     )`;

console.log(`copied ${copied} archived mods to deleted_items`);

const left = await prisma.deletedItem.groupBy({ by: ["entity"], _count: true });
console.table(left);

await prisma.$disconnect();
