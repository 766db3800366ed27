#!/usr/bin/env bash
# Regenerates sdks/libvirt from the cached provider (sdk.ts). It needs the network only the first time, for the generator that
# toolchain/languages.ts builds too.
# usage: toolchain/sdk.sh [FOLDER]   writes to that new folder instead, and leaves the project as it is
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# Sets up packages and Pulumi, and records which node it found.
"$root/vxlab" env >/dev/null
read -r node <"$root/.vxlab/node"
PATH=${node%/*}:$PATH exec "$node" "$root/node_modules/tsx/dist/cli.mjs" "$root/toolchain/sdk.ts" "$@"
