import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { db, schema } from "../drizzle";
import { pool } from "../pool";

// 203.0.113.9 - - [10/May/2024:13:55:36 +0000] "GET /posts/one HTTP/1.1" 200
const LINE = /^(\S+) \S+ \S+ \[([^\]:]+)[^\]]*\] "GET (\S+)[^"]*" (\d{3})/;

const file = process.argv[2] ?? "/var/log/nginx/access.log";
let kept = 0;

for await (const line of createInterface({ input: createReadStream(file) })) {
  const match = LINE.exec(line);
  if (!match) continue;
  const [, ip, day, path, status] = match;

  const added = await db
    .insert(schema.visits)
    .values({
      path,
      day: new Date(day.split("/").join(" ")).toISOString().slice(0, 10),
      visitor: createHash("sha256").update(ip).digest("hex"),
      status: Number(status),
    })
    .onConflictDoNothing()
    .returning({ path: schema.visits.path });
  kept += added.length;
}

console.log(`${kept} visit(s) recorded`);
await pool.end();
