#!/usr/bin/env bash
set -euo pipefail
cd "$(git rev-parse --show-toplevel)"

if ! command -v npx >/dev/null; then
  echo "node is missing" >&2
  exit 127
fi

read -r -p "Start with an empty database? [y/N] " yes
[[ "$yes" == [yY] ]] || exit 0

npx prisma migrate reset --force --skip-generate
npx prisma generate
