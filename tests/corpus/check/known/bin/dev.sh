#!/usr/bin/env bash
set -euo pipefail

reset_database() {
  npx prisma migrate reset --force
  psql "$DATABASE_URL" -c 'TRUNCATE audit_logs'
}

start_database() {
  docker compose up --detach postgres
  until pg_isready -q -h localhost; do sleep 0.5; done
}

start_database
npx prisma migrate status || echo "call reset_database from a shell if this is hopeless"
npm run dev
