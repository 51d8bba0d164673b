import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { users } from "../src/lib/drizzle/schema";

const client = postgres(process.env.DATABASE_URL!);
const db = drizzle(client);

const emails = process.argv.slice(2);

const added = await db
  .insert(users)
  .values(emails.map((email) => ({ id: crypto.randomUUID(), email })))
  .onConflictDoNothing({ target: users.email })
  .returning({ email: users.email });

for (const email of emails) {
  const isNew = added.some((row) => row.email === email);
  console.log(isNew ? "added  " : "updated nothing for", email);
}

await client.end();
