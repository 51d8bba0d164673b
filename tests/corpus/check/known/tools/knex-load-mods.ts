import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { db } from "../src/lib/knex";

async function load(path: string) {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  const batch: Record<string, unknown>[] = [];

  const flush = async () => {
    if (batch.length === 0) return;
    await db("mods").insert(batch.splice(0)).onConflict("slug").merge(["title", "description"]);
  };

  for await (const line of lines) {
    const mod = JSON.parse(line);
    batch.push({ ...mod, updated_at: db.fn.now() });
    if (batch.length >= 200) await flush();
  }
  await flush();
}

await load(process.argv[2] ?? "data/mods.ndjson");
await db.destroy();
