#!/usr/bin/env bash
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

running=$(docker compose ps --quiet | wc -l)
if (( running == 0 )); then
  echo "nothing runs"
fi

echo "stopping $running containers"
docker compose down -v --remove-orphans --timeout 5

# whatever is still on the port
lsof -ti tcp:5432 || echo "port 5432 is free"
