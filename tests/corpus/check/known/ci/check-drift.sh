#!/usr/bin/env bash
set -euo pipefail

sql=$(npx prisma migrate diff \
  --from-url "$DATABASE_URL" \
  --to-schema-datamodel prisma/schema.prisma \
  --script)

if [[ -z "${sql//[[:space:]]/}" || "$sql" == *"empty migration"* ]]; then
  echo "no drift"
  exit 0
fi

echo "$sql"
if grep -qiE 'DROP (TABLE|COLUMN)|TRUNCATE|DELETE FROM' <<< "$sql"; then
  echo "the schema would lose data" >&2
fi
exit 1
