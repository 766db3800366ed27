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

vsctl() { ovs-vsctl --timeout="$OVS_WAIT" "$@"; }

# desired KIND ID: the file that holds the desired state of one thing.
desired() { printf '%s/desired/%s-%s.json' "$STATE" "$1" "$2"; }

# keep KIND ID JSON: stores the desired state, whole or not at all, for the next boot.
keep() {
  mkdir -p "$STATE/desired"
  printf '%s\n' "$3" >"$STATE/desired/.new"
  sync "$STATE/desired/.new"
  mv "$STATE/desired/.new" "$(desired "$1" "$2")"
}

# assign JSON FILTER [FILE]: the shell words that jq's @sh made of the data, ready for eval; $was is what FILE holds,
# the desired state of last time. One jq for each step: a process costs 50 ms under emulation.
assign() {
  last=${3:-/dev/null}
  [ -e "$last" ] || last=/dev/null
  printf '%s' "$1" | jq -r --slurpfile last "$last" "(\$last[0] // {}) as \$was | $2"
}

# id_of JSON: the file name of a step's desired state is known before anything else of it.
id_of() {
  id=${1#*'"id":"'}
  id=${id%%'"'*}
  case $id in "" | *[!A-Za-z0-9_.-]*) fail "desired state without a usable id" ;; esac
}
