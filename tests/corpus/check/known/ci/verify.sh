#!/usr/bin/env bash
set -euo pipefail

step() {
  printf '\n\033[1m%s\033[0m\n' "$1"
  shift
  "$@"
}

step "install" npm ci
step "generate" npm run db:generate
step "verify" npm run verify
step "unit tests again, in random order" npm run test:unit -- --sequence.shuffle
step "status" npm run db:status

echo "verified, nothing was reset"
