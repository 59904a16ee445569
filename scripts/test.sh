#!/usr/bin/env bash
# Runs every test, with real servers that servers.sh finds, or installs and starts for this run. Needs a Rust
# toolchain and a C compiler; says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."

missing() { echo "missing: $1" >&2; exit 1; }
command -v cargo >/dev/null || missing "cargo (install a Rust toolchain, 1.94 or newer: https://rustup.rs)"
command -v cc >/dev/null || missing "cc (a C compiler; on Debian: apt-get install gcc libc6-dev)"

if [ -z "${HIRESPHERE_TEST_POSTGRES:-}" ]; then
    exec bash scripts/servers.sh bash scripts/test.sh "$@"
fi

# What does not come by cargo is fetched once; tests that need it say when they go without.
HIRESPHERE_MODELS=$(bash scripts/models.sh "$PWD/target/models") || echo "going on without: the tests that need it are skipped" >&2
export HIRESPHERE_MODELS

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked "$@"
    cargo test --workspace --locked --doc --quiet
else
    echo "cargo-nextest is not installed; using cargo test (slower, the same tests)" >&2
    cargo test --workspace --locked "$@"
fi
