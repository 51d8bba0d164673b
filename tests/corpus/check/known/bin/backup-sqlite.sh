#!/bin/sh
set -eu

src="${1:-data/catalogue.db}"
dir="backups/sqlite"
stamp=$(date +%Y-%m-%dT%H%M%S)

mkdir -p "$dir"
sqlite3 -readonly "$src" ".backup '$dir/catalogue-$stamp.bak'"
sqlite3 -readonly "$src" .dump | gzip > "$dir/catalogue-$stamp.sql.gz"

# keep two weeks of dumps
find "$dir" -name 'catalogue-*.sql.gz' -mtime +14 -exec rm -f {} +

sqlite3 "$dir/catalogue-$stamp.bak" 'PRAGMA integrity_check; SELECT count(*) FROM mods;'
