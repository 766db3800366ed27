#!/usr/bin/env bash
# Regenerates sdks/libvirt from the cached provider (sdk.ts). Works offline once `./vxlab env` and this have run here,
# or toolchain/languages.ts, which builds the same generator.
# usage: toolchain/sdk.sh [FOLDER]: into that new folder, and the project stays as it is
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Completes what is missing of packages and of Pulumi, and notes which node it found.
"$root/vxlab" env >/dev/null
read -r node <"$root/.vxlab/node"
PATH=${node%/*}:$PATH exec "$node" "$root/node_modules/tsx/dist/cli.mjs" "$root/toolchain/sdk.ts" "$@"
