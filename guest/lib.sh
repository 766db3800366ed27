#!/bin/sh
# Helpers of the guest tools. guest/render.ts joins the files in this order: lib, bridge, port, container, main.
# shellcheck disable=SC2034 # used by the files that follow
set -eu
# A command over SSH comes with a short PATH, in which busybox may hide iproute2.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

STATE=${VXLAB_STATE:-/var/lib/vxlab}
TOOLS=${VXLAB_TOOLS:-/usr/lib/vxlab}
LOCK=${VXLAB_LOCK:-/run/vxlab.lock}
# Without a limit ovs-vsctl waits for ever when ovs-vswitchd is not there to confirm (ovs-vsctl(8)).
OVS_WAIT=60

fail() {
  printf 'vxlab: %s\n' "$*" >&2
  exit 1
}

# --retry: on a machine that still boots the database is not there yet.
vsctl() { ovs-vsctl --retry --timeout="$OVS_WAIT" "$@"; }

# One change at a time on a host, however many labs and sessions speak to it. (busybox's flock has no -w.)
lock() {
  exec 9>"$LOCK"
  tries=0
  until flock -n 9; do
    [ "$tries" -lt 600 ] || fail "another step holds $LOCK for over 120 s"
    tries=$((tries + 1))
    sleep 0.2
  done
}

# desired KIND ID: the file that holds the desired state of one thing.
desired() { printf '%s/desired/%s-%s.json' "$STATE" "$1" "$2"; }

# keep KIND ID JSON: stores the desired state, whole or not at all, for the next boot.
keep() {
  mkdir -p "$STATE/desired"
  printf '%s\n' "$3" >"$STATE/desired/.new"
  sync "$STATE/desired/.new"
  mv "$STATE/desired/.new" "$(desired "$1" "$2")"
}

# Filled in by guest/render.ts.
JSON_AWK='@json.awk@'
FIELDS_AWK='@fields.awk@'

# assign JSON [FILE]: desired state as shell assignments, ready for eval (fields.awk); those of FILE, the desired state of
# last time, begin with was_.
assign() {
  { printf '%s\n' "$1" && { [ ! -e "${2:-}" ] || cat "$2"; }; } | LC_ALL=C awk "$JSON_AWK $FIELDS_AWK"
}

# id_of JSON: the file name of a step's desired state is known before anything else of it.
id_of() {
  id=${1#*'"id":"'}
  id=${id%%'"'*}
  case $id in "" | *[!A-Za-z0-9_.-]*) fail "desired state without a usable id" ;; esac
}
