#!/usr/bin/env bash
set -euo pipefail

: "${STAGING_URL:?}"

if [[ "${1:-}" != "--i-am-sure" ]]; then
  echo "usage: $0 --i-am-sure" >&2
  exit 2
fi

psql "$STAGING_URL" --set ON_ERROR_STOP=1 --quiet <<'SQL'
BEGIN;
TRUNCATE TABLE favorites, reviews;
DELETE FROM orders WHERE created_at < now() - interval '90 days';
COMMIT;
SQL

echo "staging is ready for the next round"
