#!/usr/bin/env bash
# Brings the preview environment to what main is now.
set -euo pipefail

branch="${BRANCH:-main}"
git fetch --quiet origin "$branch"
git checkout --quiet --detach "origin/$branch"

npm ci
npm run build
npm run refresh

curl --fail --silent --show-error --max-time 20 \
  "https://preview.mods.example.org/api/health" | jq -r .status
