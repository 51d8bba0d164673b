#!/bin/bash
set -e

DB=${PGDATABASE:-furniture_dev}

case "$DB" in
  *_dev|*_test) ;;
  *)
    echo "$DB is neither _dev nor _test" >&2
    exit 1
    ;;
esac

dropdb --if-exists --force "$DB"
createdb --encoding=UTF8 --template=template0 "$DB"
DATABASE_URL="postgres:///$DB" npx prisma migrate deploy
