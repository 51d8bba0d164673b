import { PrismaClient } from "@prisma/client";
import { wipe as prepare } from "@db";

const TARGETS = { catalogue: "mods" };

async function main() {
  if (process.env.NODE_ENV === "production") {
    throw new Error("Not in production");
  }
  const client = new PrismaClient();
  await prepare(client, TARGETS.catalogue);
  await client.mod.createMany({
    data: [
      { slug: "oak-shelf", title: "Oak shelf" },
      { slug: "rattan-chair", title: "Rattan chair" },
    ],
  });
  await client.$disconnect();
}

main().catch((e: unknown) => {
  console.error(e);
  process.exit(1);
});
