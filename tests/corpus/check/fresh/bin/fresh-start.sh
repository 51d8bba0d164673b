#!/bin/sh
# For somebody's first day, or after a long holiday.
set -e

cd "$(dirname "$0")/.."

if [ ! -f .env ]; then
  cp .env.example .env
  echo "wrote .env, have a look at it"
fi

git pull --ff-only
npm install

docker compose up -d --wait

npm run db:generate
npm run db:fresh
npm run search:index

echo "ready: npm run dev"
