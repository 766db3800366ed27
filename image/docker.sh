#!/usr/bin/env bash
# docker.sh [--hash | --print] CACHE_DIR: the golden image with Debian's docker.io, as build.sh otherwise. The recipe is
# recipe/ with docker/ laid over it; it is put together in a folder of its own, so that the plain image's hash stays what
# it is whatever happens here, and this one's follows every change of either.
set -eEuo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here/build.sh" "$here/lib.sh" "$here/recipe" "$work/"
for part in packages trim.sh files/etc/inittab; do cat "$here/docker/${part##*/}" >>"$work/recipe/$part"; done
cp "$here/docker/image-archive.sh" "$work/recipe/"
cp -r "$here/docker/files/." "$work/recipe/files/"
"$work/build.sh" "$@"
