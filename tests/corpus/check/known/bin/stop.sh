#!/usr/bin/env bash
set -euo pipefail

cd "$(dirname "$0")/.."

# For the data too: docker compose down -v
docker compose stop --timeout 10
docker compose rm --force
docker compose down --remove-orphans

docker image prune --force --filter 'until=240h'

echo "volumes that stay:"
docker volume ls --quiet --filter name=pgdata
