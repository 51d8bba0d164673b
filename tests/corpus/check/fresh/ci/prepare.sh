#!/bin/sh
# Gets a checkout ready for the test job. The database itself is not touched.
set -eu

echo "--- clean"
rm -rf node_modules .next coverage
rm -f prisma/*.log

echo "--- install"
npm ci --no-audit --no-fund

echo "--- schema"
npx prisma validate
npx prisma generate

# Says what is missing; `prisma migrate reset` is for people, not for CI.
if ! npx prisma migrate status; then
  echo "migrations are pending:" >&2
  npx prisma migrate diff \
    --from-url "$DATABASE_URL" \
    --to-schema-datamodel prisma/schema.prisma \
    --script >&2
fi
