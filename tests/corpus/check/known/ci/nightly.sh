#!/usr/bin/env bash
set -uo pipefail

report="reports/nightly-$(date +%F).log"
mkdir -p reports

{
  echo "== $(git rev-parse --short HEAD)"
  npm run nightly
  status=$?
  echo "== exit $status"
} 2>&1 | tee "$report"

if grep -q '== exit 0' "$report"; then
  echo "all is well"
else
  echo "the night was bad, see $report" >&2
  exit 1
fi
