#!/bin/sh
set -eu

cd "$(dirname "$0")/.."

if [ "${RESET:-0}" != 0 ]; then
    echo "RESET is not heard any more: use npm run db:reset" >&2
    exit 2
fi

npx prisma generate
npx prisma db seed
psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f sql/insert-facet-definitions.sql

npm run --silent db:stats
