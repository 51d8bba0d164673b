#!/usr/bin/env bash
set -euo pipefail

slugs="${1:?file with one slug a line}"

while IFS= read -r slug; do
  case "$slug" in
    ''|'#'*) continue ;;
  esac
  printf "DELETE FROM favorites WHERE mod_id = (SELECT id FROM mods WHERE slug = '%s');\n" \
    "${slug//\'/\'\'}"
done < "$slugs" | psql --single-transaction --no-psqlrc "$DATABASE_URL"

echo "done: $(grep -cv '^#' "$slugs") slugs"
