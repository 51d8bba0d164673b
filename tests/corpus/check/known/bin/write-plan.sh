#!/bin/bash
set -euo pipefail

plan="${1:-plan.sql}"
day=$(date +%F)

cat > "$plan" <<SQL
-- plan of $day, to be read and run by a person
BEGIN;
DELETE FROM favorites WHERE created_at < '$day'::date - 700;
TRUNCATE TABLE import_staging;
DROP TABLE IF EXISTS legacy_mods;
COMMIT;
SQL

echo "psql -f $plan   # will run:"
cat "$plan"
wc -l "$plan"
