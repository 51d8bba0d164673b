import { createInterface } from "node:readline";
import { pool } from "../src/lib/pool";

const FORBIDDEN = /\b(delete|update|drop|truncate|alter|insert|merge)\b/i;

const client = await pool.connect();
const rl = createInterface({ input: process.stdin, output: process.stdout, prompt: "sql> " });
rl.prompt();

for await (const line of rl) {
  const text = line.trim();
  if (text === "\\q") break;
  if (FORBIDDEN.test(text)) {
    console.log("DELETE, UPDATE, DROP and the like are not for this console");
  } else if (text) {
    await client.query("BEGIN READ ONLY");
    try {
      console.table((await client.query(text.replace(/;/g, ""))).rows);
    } catch (error) {
      console.log((error as Error).message);
    }
    await client.query("ROLLBACK");
  }
  rl.prompt();
}

client.release();
await pool.end();
