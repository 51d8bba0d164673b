import { Prisma } from "@prisma/client";

const RESET = "\u001b[0m";
const RED = "\u001b[31m";

function cascades() {
  const out: string[] = [];
  for (const model of Prisma.dmmf.datamodel.models) {
    for (const field of model.fields) {
      const { relationOnDelete } = field as { relationOnDelete?: string };
      if (relationOnDelete === "Cascade") {
        out.push(`DELETE of a ${field.type} ${RED}deletes${RESET} rows of ${model.dbName ?? model.name}`);
      }
    }
  }
  return out;
}

const lines = cascades();
console.log(lines.join("\n"));
console.log(`${lines.length} relations have onDelete: Cascade`);
