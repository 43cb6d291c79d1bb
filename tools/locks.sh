#!/usr/bin/env bash
# Resolves every lock from pyproject.toml: one for all, one for each container image, one for uv itself.
set -euo pipefail
uv=$1
compile() { "$uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 "$@"; }

compile --all-extras pyproject.toml -o locks/all.txt
compile --extra serve pyproject.toml -c locks/all.txt -o locks/serve.txt
compile --extra train --extra lifecycle pyproject.toml -c locks/all.txt -o locks/train.txt
"$uv" --version | cut -d" " -f2 | sed "s/^/uv==/" | compile - -o locks/uv.txt
