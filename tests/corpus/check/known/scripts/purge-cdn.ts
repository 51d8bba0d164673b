import axios from "axios";
import { PrismaClient } from "@prisma/client";

const prisma = new PrismaClient();
const cdn = process.env.CDN_URL ?? "https://cdn.example.org/v1";

async function purge() {
  const archived = await prisma.mod.findMany({
    where: { status: "ARCHIVED" },
    select: { slug: true },
  });

  for (const { slug } of archived) {
    const { status } = await axios.delete(`${cdn}/purge/mods/${slug}`, { timeout: 10_000 });
    console.log("purged", slug, status);
  }
}

purge()
  .catch((err) => console.error("purge failed:", err.message))
  .finally(() => prisma.$disconnect());
