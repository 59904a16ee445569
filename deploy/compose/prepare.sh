#!/bin/sh
# Makes what `docker compose up` needs and a repository must not hold: .env with fresh passwords, and the master key.
# What is there already stays as it is: a second master key would make the first one's people unreadable.
set -eu
umask 077
cd "$(dirname "$0")/../.."

password() { printf 'p%s' "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"; }

if [ -e .env ]; then
    echo ".env is there already; left alone"
else
    while IFS= read -r line; do
        case $line in
        *=CHANGE_ME) printf '%s%s\n' "${line%CHANGE_ME}" "$(password)" ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <deploy/compose/.env.example >.env.new
    mv .env.new .env
    echo "made .env"
fi

key=deploy/compose/secrets/master.key
if [ -e "$key" ]; then
    echo "$key is there already; left alone"
else
    mkdir -p deploy/compose/secrets
    head -c 32 /dev/urandom >"$key.new"
    # Compose hands a secret over as the file it is, and the program in the container is somebody else: it may read
    # the file, and nobody else on this machine gets as far as the folder.
    chmod 444 "$key.new"
    mv "$key.new" "$key"
    echo "made $key: keep a copy of it apart from every backup; without it nothing personal can be read"
fi
