#!/usr/bin/env bash
set -euo pipefail

out="backups/furniture-$(date +%Y%m%dT%H%M%S).sql.gz"
mkdir -p backups

pg_dump --clean --if-exists --no-owner "$DATABASE_URL" | gzip -9 > "$out"

if ! gzip -dc "$out" | grep -q '^DROP TABLE IF EXISTS'; then
  echo "that dump has no DROP TABLE, it cannot be restored over a database" >&2
  rm -f "$out"
  exit 1
fi

du -h "$out"
