#!/bin/sh
# A new SQLite database for working offline.
set -eu

cd "$(dirname "$0")/../prisma"

for suffix in '' -journal -wal -shm; do
    rm -f "dev.db$suffix"
done

export DATABASE_URL="file:./dev.db"
sqlite3 dev.db < ../sql/sqlite-fixture.sql

ls -l dev.db
