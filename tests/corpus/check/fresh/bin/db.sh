#!/usr/bin/env bash
# The local database: bin/db.sh up | down | status | wipe
set -euo pipefail
cd "$(dirname "$0")/.."

compose() { docker compose -f docker-compose.yml "$@"; }

case "${1:-status}" in
  up)
    compose up -d --wait postgres
    ;;
  down)
    compose stop postgres
    ;;
  status)
    compose ps
    npx prisma migrate status || true
    ;;
  wipe)
    read -r -p "This empties ${DATABASE_URL:-the local database}. Go on? [y/N] " answer
    [[ $answer == [yY] ]] || exit 1
    npx prisma migrate reset --force --skip-seed
    ;;
  *)
    echo "usage: $0 up|down|status|wipe" >&2
    exit 64
    ;;
esac
