#!/usr/bin/env bash
set -euo pipefail

cd "$(dirname "$0")/.."

tries=0
until pg_isready --quiet; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then
    echo "the database does not answer" >&2
    exit 1
  fi
  sleep 2
done

npm ci --omit=dev
npx prisma generate
npx prisma migrate deploy
exec npm start
