#!/bin/sh
set -e

DB="${CATALOGUE_DB:-data/catalogue.db}"
DAYS="${1:-365}"

if [ ! -f "$DB" ]; then
    echo "no such file: $DB" >&2
    exit 1
fi

before=$(sqlite3 "$DB" 'SELECT count(*) FROM downloads')
sqlite3 "$DB" "DELETE FROM downloads WHERE day < date('now', '-$DAYS days'); VACUUM;"
after=$(sqlite3 "$DB" 'SELECT count(*) FROM downloads')

echo "$before -> $after"
