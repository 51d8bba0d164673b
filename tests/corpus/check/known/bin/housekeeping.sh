#!/bin/sh
# Installed as /etc/cron.daily/furniture
set -eu

cd "$(dirname "$0")/.."
. ./.env

log() {
    printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"
}

log "start"
psql -X -v ON_ERROR_STOP=1 -d "$DATABASE_URL" -f sql/purge-sessions.sql
log "end"
