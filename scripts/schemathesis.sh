#!/usr/bin/env bash
# Runs schemathesis over the served OpenAPI document as each role: no 5xx, no undocumented status, no answer of
# another shape. By hand, as it needs Python; EXAMPLES says how many requests each operation is tried with.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v python3 >/dev/null || { echo "missing: python3" >&2; exit 1; }
work=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet 'schemathesis==4.*'
cargo build --locked
target/debug/hiresphere serve --data "$work/data" --listen 127.0.0.1:0 >"$work/out" &
server=$!
until grep -q '^serving ' "$work/out"; do kill -0 "$server"; sleep 0.1; done
url=$(sed -n 's/^serving \(http[^ ]*\).*/\1/p' "$work/out")

run() {
    echo "== as $1"
    "$work/venv/bin/schemathesis" run "$url/openapi.json" "${@:2}" \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,unsupported_method,ignored_auth \
        --max-examples "${EXAMPLES:-25}" --request-timeout 10 --workers 1 --no-color
}
run anonymous
for role in auditor recruiter admin; do
    token=$(target/debug/hiresphere token issue --role "$role" --data "$work/data" 2>/dev/null | tail -1)
    run "$role" -H "Authorization: Bearer $token"
done
