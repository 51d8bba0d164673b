import { pool, query } from "../src/lib/pool";

const hours = Number(process.env.GRACE_HOURS ?? 24);

async function main() {
  const rows = await query<{ user_id: string }>(
    `DELETE FROM sessions
      WHERE expires_at < now() - make_interval(hours => $1)
  RETURNING user_id`,
    [hours],
  );
  const users = new Set(rows.map((r) => r.user_id));
  console.log(`${rows.length} sessions of ${users.size} users`);
}

main()
  .catch((e) => {
    console.error(e);
    process.exitCode = 1;
  })
  .finally(() => pool.end());
