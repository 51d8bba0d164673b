#!/usr/bin/env bash
set -euo pipefail

usage() {
  echo "usage: $(basename "$0") <dump> [database]" >&2
  exit 64
}

dump="${1:-}"
db="${2:-furniture}"
[[ -n "$dump" ]] || usage
[[ -r "$dump" ]] || { echo "cannot read $dump" >&2; exit 66; }

pg_restore --list "$dump" | head -n 5
pg_restore --clean --if-exists --no-owner --jobs=2 --dbname="$db" "$dump"
psql -d "$db" -c 'ANALYZE'
