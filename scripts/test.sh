#!/usr/bin/env bash
# Runs every test, with real servers that servers.sh finds, or installs and starts for this run. Needs a Rust
# toolchain and a C compiler; says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() { echo "missing: $1" >&2; exit 1; }
command -v cargo >/dev/null || missing "cargo (install a Rust toolchain, 1.92 or newer: https://rustup.rs)"
command -v cc >/dev/null || missing "cc (a C compiler; on Debian: apt-get install gcc libc6-dev)"

if [ -z "${HIRESPHERE_TEST_POSTGRES:-}" ]; then
    exec bash scripts/servers.sh bash scripts/test.sh "$@"
fi

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked "$@"
    cargo test --workspace --locked --doc --quiet
else
    echo "cargo-nextest is not installed; using cargo test (slower, the same tests)" >&2
    cargo test --workspace --locked "$@"
fi
