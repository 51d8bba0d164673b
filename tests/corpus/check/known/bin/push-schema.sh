#!/usr/bin/env bash
set -euo pipefail

root="$(cd "$(dirname "$0")/.." && pwd)"
cd "$root"

npx prisma format
npx prisma validate

# CI has no terminal to answer on
flags=(--skip-generate)
if [[ -n "${CI:-}" ]]; then
  flags+=(--accept-data-loss)
fi

npx prisma db push "${flags[@]}"
