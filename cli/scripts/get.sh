#!/bin/sh
# get.sh FOLDER NAME: writes an archive with one entry, NAME in FOLDER, to stdout.
set -eu
if [ -x /.vxlab/busybox ]; then
  tar() { /.vxlab/busybox tar "$@"; }
fi
if [ ! -e "$1/$2" ] && [ ! -h "$1/$2" ]; then
  printf 'there is no file or folder %s\n' "${1%/}/$2" >&2
  exit 1
fi
tar -cf - -C "$1" -- "./$2"
