#!/usr/bin/env bash
set -euo pipefail

name="migrations-$$"
docker run --detach --rm --name "$name" --tmpfs /var/lib/postgresql/data \
  -e POSTGRES_PASSWORD=x -p 127.0.0.1::5432 postgres:16-alpine >/dev/null
trap 'docker stop "$name" >/dev/null' EXIT

port=$(docker port "$name" 5432/tcp | cut -d: -f2)
export DATABASE_URL="postgres://postgres:x@127.0.0.1:$port/postgres"
until pg_isready -q -d "$DATABASE_URL"; do sleep 0.3; done

npx prisma migrate deploy
psql "$DATABASE_URL" -c 'DROP SCHEMA public CASCADE' -c 'CREATE SCHEMA public'
npx prisma migrate deploy
echo "they run twice"
