#!/usr/bin/env bash
# Figures for the Monday meeting.
set -euo pipefail

URL=${DATABASE_URL:-postgres://localhost/inkwell}
LOG=${PG_LOG:-/var/log/postgresql/postgresql.log}
TMP=$(mktemp)
trap 'rm -f "$TMP"' EXIT

psql "$URL" --no-psqlrc -At -F $'\t' > "$TMP" <<'SQL'
select 'posts', count(*), count(*) filter (where deleted_at is not null) from posts
union all
select 'orders', count(*), count(*) filter (where status = 'CANCELLED') from orders
union all
select relname, n_tup_ins, n_tup_del from pg_stat_user_tables where relname = 'comments';
SQL

while IFS=$'\t' read -r name all gone; do
  printf '%-10s %8d  (%d gone)\n' "$name" "$all" "$gone"
done < "$TMP"

if [ -r "$LOG" ]; then
  for verb in 'DELETE FROM' 'TRUNCATE' 'DROP TABLE'; do
    printf '%-12s %d\n' "$verb" "$(grep -c "statement: $verb" "$LOG" || true)"
  done
fi
