#!/bin/sh
set -eu

cd "$(dirname "$0")/.."

rm -rf dist .next coverage reports
rm -f ./*.tsbuildinfo npm-debug.log*
find . -name '*.tmp' -not -path './node_modules/*' -delete

npm run clean
npm run reset:styles
npm run purge:cache

if [ "${1:-}" = "--all" ]; then
    rm -rf node_modules src/generated
fi
