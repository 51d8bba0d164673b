#!/bin/bash
set -euo pipefail

TABLES="favorites reviews audit_logs"

for t in $TABLES; do
  n=$(psql -At "$DATABASE_URL" -c "SELECT count(*) FROM $t")
  echo "$t: $n rows"
  if [ "$n" -gt 0 ]; then
    psql -q "$DATABASE_URL" -c "TRUNCATE TABLE $t RESTART IDENTITY"
  fi
done

echo "empty: $TABLES"
