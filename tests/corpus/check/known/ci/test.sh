#!/usr/bin/env bash
set -euo pipefail

echo "--- install"
npm ci --no-audit --no-fund

echo "--- generate"
npx prisma generate

echo "--- lint"
npm run lint
npm run typecheck

echo "+++ test"
npm test -- --reporter=junit --outputFile=reports/junit.xml

echo "--- build"
npm run build
