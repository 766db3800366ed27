#!/bin/sh
# image-archive.sh DIR NAME COMMAND >ARCHIVE: a folder as an archive that `docker load` takes, without Docker: one layer,
# its configuration and a manifest (OCI image-spec, config.md; Docker's image/spec/v1.2.md). Same folder, same bytes, same
# image id.
set -eu
dir=$1 name=$2 command=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

whole() { tar --sort=name --mtime=@0 --numeric-owner --owner=0 --group=0 -C "$1" -cf "$2" "$3"; }
digest() { sha256sum "$1" | cut -d' ' -f1; }

mkdir "$work/image"
whole "$dir" "$work/image/layer.tar" .
cat >"$work/config" <<CONFIG
{"architecture":"amd64","os":"linux","created":"1970-01-01T00:00:00Z",
 "config":{"Cmd":["$command"],"Env":["PATH=/bin:/sbin:/usr/bin:/usr/sbin"]},
 "rootfs":{"type":"layers","diff_ids":["sha256:$(digest "$work/image/layer.tar")"]},
 "history":[{"created":"1970-01-01T00:00:00Z","created_by":"vxlab image-archive.sh"}]}
CONFIG
config=$(digest "$work/config").json
mv "$work/config" "$work/image/$config"
printf '[{"Config":"%s","RepoTags":["%s:latest"],"Layers":["layer.tar"]}]\n' "$config" "$name" >"$work/image/manifest.json"
whole "$work/image" "$work/archive.tar" .
cat "$work/archive.tar"
