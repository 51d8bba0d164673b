#!/usr/bin/env bash
# Brings a database back from the newest of the full dumps, or from the one named.
set -euo pipefail

DIR=${FULL_DUMPS:-/var/backups/full}
TARGET=${1:?usage: restore.sh <database-url> [dump]}
DUMP=${2:-$(ls -1t "$DIR"/inkwell-*.dump | head -n 1)}

if [ ! -s "$DUMP" ]; then
  echo "no dump at $DUMP" >&2
  exit 1
fi

echo "restoring $DUMP"
pg_restore --list "$DUMP" | grep -c 'TABLE DATA' || true

pg_restore \
  --dbname="$TARGET" \
  --clean --if-exists \
  --no-owner \
  --single-transaction \
  "$DUMP"

psql "$TARGET" -Atc 'select count(*) from orders'
