#!/bin/sh
# put.sh DEST NAME: unpacks the archive on stdin, whose one entry is NAME, as DEST, or in DEST where that is a folder.
# What is there is overwritten file by file, and nothing else is removed.
set -eu
dest=$1 name=$2
# In a Docker container the tools are vxlab's own busybox: the image may have none.
for tool in tar mktemp rm cp mkdir dirname; do
  [ ! -x /.vxlab/busybox ] || eval "$tool() { /.vxlab/busybox $tool \"\$@\"; }"
done
fail() {
  printf '%s\n' "$1" >&2
  exit 1
}
case $dest in
  */) [ -d "$dest" ] || fail "there is no folder $dest" ;;
esac
if [ -d "$dest" ]; then
  folder=$dest target=${dest%/}/$name
else
  folder=$(dirname "$dest") target=$dest
fi
[ -d "$folder" ] || fail "there is no folder $folder"
draft=$(mktemp -d "$folder/.vxlab-XXXXXX")
trap 'rm -rf "$draft"' EXIT
trap 'exit 1' HUP INT TERM
tar -xof - -C "$draft"
if [ -d "$draft/$name" ] && [ ! -h "$draft/$name" ]; then
  [ -d "$target" ] || [ ! -e "$target" ] || fail "$target is a file, and $name is a folder"
  mkdir -p "$target"
  cp -a "$draft/$name/." "$target/"
else
  [ ! -d "$target" ] || fail "$target is a folder, and $name is a file"
  cp -a "$draft/$name" "$target"
fi
