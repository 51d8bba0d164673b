#!/usr/bin/env bash
# Makes an empty database beside the others, one for each branch.
set -euo pipefail

branch=$(git rev-parse --abbrev-ref HEAD)
name=${1:-inkwell_$(printf '%s' "$branch" | tr -c 'a-z0-9' '_')}

if psql -lqtA | cut -d'|' -f1 | grep -qx "$name"; then
  cat >&2 <<EOF
$name exists already. To begin again:

    dropdb $name
    psql -c 'DROP DATABASE $name'

EOF
  exit 1
fi

createdb "$name"
psql -q -d "$name" -c 'CREATE EXTENSION IF NOT EXISTS citext'

sed "s|^DATABASE_URL=.*|DATABASE_URL=postgres://localhost/$name|" .env.example > .env.local
echo "made $name; see .env.local"
