#!/usr/bin/env bash
set -euo pipefail

: "${DATABASE_URL:?}"
DIR=${BACKUP_DIR:-/var/backups/inkwell}
KEEP_DAYS=${KEEP_DAYS:-14}
FILE="$DIR/inkwell-$(date +%Y%m%d-%H%M).sql.gz"

mkdir -p "$DIR"

# --clean makes the dump begin with DROP TABLE, for the day it has to be restored.
pg_dump --clean --if-exists --no-owner "$DATABASE_URL" | gzip > "$FILE.part"
mv "$FILE.part" "$FILE"

# Old dumps make room for new ones.
find "$DIR" -name 'inkwell-*.sql.gz' -mtime "+$KEEP_DAYS" -print -delete

if ! gzip -dc "$FILE" | grep -q 'DROP TABLE IF EXISTS public.orders'; then
  echo "the dump looks wrong: $FILE" >&2
  rm -f "$FILE"
  exit 1
fi

echo "wrote $FILE"
