import { createClient } from "@libsql/client";

const turso = createClient({
  url: process.env.TURSO_URL ?? "file:data/edge.db",
  authToken: process.env.TURSO_TOKEN,
});

type Mod = { id: string; slug: string; title: string };

export async function sync(mods: Mod[]) {
  await turso.batch(
    mods.map((m) => ({
      sql: "INSERT OR REPLACE INTO mods (id, slug, title) VALUES (?, ?, ?)",
      args: [m.id, m.slug, m.title],
    })),
    "write",
  );
  await turso.execute({
    sql: "REPLACE INTO catalogue_meta (key, value) VALUES ('synced_at', ?)",
    args: [new Date().toISOString()],
  });
}

const response = await fetch("https://mods.example.org/api/mods.json");
await sync((await response.json()) as Mod[]);
turso.close();
