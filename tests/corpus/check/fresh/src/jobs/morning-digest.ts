import { prisma } from "@/db";
import { countExpired } from "@/services/sessions";

/** Sends the editors a line on what tonight's cleanup is going to delete. */
async function digest(): Promise<string> {
  const since = new Date(Date.now() - 24 * 3600 * 1000);
  const [expired, comments, spam] = await Promise.all([
    countExpired(),
    prisma.comment.count({ where: { createdAt: { gte: since } } }),
    prisma.comment.count({ where: { createdAt: { gte: since }, spam: true } }),
  ]);

  return [
    `${comments} new comment(s), ${spam} of them spam`,
    `${expired} expired session(s) will be deleted tonight`,
  ].join("\n");
}

const text = await digest();
const hook = process.env.DIGEST_WEBHOOK;

if (hook) {
  await fetch(hook, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });
} else {
  console.log(text);
}

await prisma.$disconnect();
