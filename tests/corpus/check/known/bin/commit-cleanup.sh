#!/bin/sh
set -e

git add prisma/schema.prisma scripts sql
git commit -m "DROP TABLE legacy_mods" -m "It runs: psql -c 'DELETE FROM favorites' first.

Also:
  npx prisma migrate reset --force
  rm -f prisma/dev.db"

git tag -a "v$(node -p 'require("./package.json").version')" -m 'TRUNCATE sessions on deploy'
git log -1 --stat
git push --follow-tags origin HEAD
