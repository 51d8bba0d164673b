#!/bin/sh
set -eu

export DATABASE_URL="${FIXTURE_URL:-postgres://furniture:furniture@localhost:5432/furniture}"

until pg_isready --quiet --dbname="$DATABASE_URL"; do
    echo "waiting for the database"
    sleep 1
done

make --no-print-directory fixtures

psql "$DATABASE_URL" --tuples-only --command 'SELECT count(*) FROM facet_definitions'
