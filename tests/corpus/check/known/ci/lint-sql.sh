#!/usr/bin/env bash
set -euo pipefail

bad=0
for word in 'DROP TABLE' 'TRUNCATE' 'DELETE FROM [a-z_]*;' 'DROP SCHEMA .* CASCADE'; do
  if grep -rniE --include='*.sql' "$word" prisma/migrations; then
    echo "^^ $word is not for migrations" >&2
    bad=1
  fi
done

if git diff --name-only origin/main... | xargs -r grep -lE 'psql .*-c .*DROP' ; then
  bad=1
fi

exit "$bad"
