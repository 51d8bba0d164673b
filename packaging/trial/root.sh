# What packaging/try runs in a root directory with nothing but Node: root.sh PLATFORM VERSION
set -eu
cd /shop
echo '{ "name": "shop", "private": true }' >package.json
node /opt/npm/bin/npm-cli.js install --loglevel=error --no-audit --no-fund --offline --save-dev \
    "/packages/dbsnap-$2.tgz" "/packages/dbsnap-cli-$1-$2.tgz"
# Takes a snapshot of a sample database, runs a script that deletes rows, and restores them.
node /opt/npm/bin/npx-cli.js --offline dbsnap demo
node /opt/npm/bin/npx-cli.js --offline dbsnap -C demo verify
