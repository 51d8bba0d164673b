#!/bin/sh
set -eu

sep='------------------------------'

for table in users mods favorites deleted_items notification_preferences; do
    n=$(psql -X -A -t -d "$DATABASE_URL" -c "SELECT count(*) FROM $table")
    printf '%-28s %8s\n' "$table" "$n"
done

echo "$sep"
psql -X -d "$DATABASE_URL" <<SQL
SELECT entity, max(deleted_at) AS last_deleted
  FROM deleted_items GROUP BY entity;
SELECT count(*) AS wants_updates FROM notification_preferences WHERE "update";
SQL
