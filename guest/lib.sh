#!/bin/sh
# Helpers of the guest tools. guest/render.ts joins the files: this one first, main.sh last.
# shellcheck disable=SC2034,SC2154 # used by the files that follow; the variables come out of with_state, by eval
set -eu
# A command over SSH gets a short PATH, in which busybox's programs may come before iproute2's.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The version of guest/protocol.ts, and of all files on a host. host/install.sh does not replace tools of a higher level; take_over (ids.sh)
# converts older files.
LEVEL=@PROTOCOL@

STATE=${VXLAB_STATE:-/var/lib/vxlab}
TOOLS=${VXLAB_TOOLS:-/usr/lib/vxlab}
LOCK=${VXLAB_LOCK:-/run/vxlab.lock}
LOCK_WAIT=${VXLAB_LOCK_WAIT:-600}
# The kernel's files; tests use other folders.
NET=${VXLAB_NET:-/sys/class/net}
CGROUPS=${VXLAB_CGROUPS:-/sys/fs/cgroup}
PROC=${VXLAB_PROC:-/proc}
SYSCTL=${VXLAB_SYSCTL:-/proc/sys}
MODULES=${VXLAB_MODULES:-/sys/module}
# This host's list of name servers.
RESOLV=${VXLAB_RESOLV:-/etc/resolv.conf}
# Without a limit ovs-vsctl waits for ever if ovs-vswitchd is not running (ovs-vsctl(8)).
OVS_WAIT=60
# So do ovs-ofctl and ovs-appctl if it does not answer: this is their default limit (NEWS of Open vSwitch 2.11).
export OVS_CTL_TIMEOUT="$OVS_WAIT"

fail() {
  printf 'vxlab: %s\n' "$*" >&2
  exit 1
}

# --retry: on a machine that is still booting, the database is not running yet.
vsctl() { ovs-vsctl --retry --timeout="$OVS_WAIT" "$@"; }

# One change at a time on a host, also with several labs and sessions. The wait is long, since under emulation a dozen Docker containers
# start one after the other, 20 s each.
lock() {
  local tries=$((LOCK_WAIT * 5))
  exec 9>"$LOCK"
  # busybox's flock, if the shell is busybox: an eighth of the time. The other one is needed only to wait.
  if flock -n 9; then return 0; fi
  # Waits without polling, which would take processor time from the step that holds the lock.
  if flock -w "$LOCK_WAIT" 9 2>/dev/null; then return 0; fi
  # busybox's flock has no -w.
  until flock -n 9; do
    [ "$tries" -gt 0 ] || fail "another step holds $LOCK for over $LOCK_WAIT s"
    tries=$((tries - 1))
    sleep 0.2
  done
}

# desired KIND ID: the file that holds the desired state of one thing.
desired() { printf '%s/desired/%s-%s.json' "$STATE" "$1" "$2"; }

# secrets_of KIND ID: the file that holds its secrets. Without secrets there is no file.
secrets_of() { printf '%s/secrets/%s-%s.json' "$STATE" "$1" "$2"; }

# keep KIND: stores the desired state and the secrets of the step that runs, for the next boot.
keep() {
  if [ -n "$secrets" ]; then store "$(secrets_of "$1" "$id")" "$secrets"; else forget_secrets "$1"; fi
  [ -d "$STATE/desired" ] || { mkdir -p "$STATE" && echo "$LEVEL" >"$STATE/level"; }
  store "$(desired "$1" "$id")" "$json"
}

# store FILE TEXT: writes the file atomically, readable for root only.
store() {
  local folder="${1%/*}"
  [ -d "$folder" ] || { mkdir -p "$folder" && chmod 700 "$folder"; }
  (umask 077 && printf '%s\n' "$2" >"$folder/.new")
  sync "$folder/.new"
  mv "$folder/.new" "$1"
}

forget() {
  rm -f "$(desired "$1" "$id")"
  [ ! -d "$STATE/made" ] || rm -f "$STATE/made/$1-$id"
  forget_secrets "$1"
}

forget_secrets() {
  [ ! -d "$STATE/secrets" ] || rm -f "$(secrets_of "$1" "$id")"
}

# Filled in by guest/render.ts.
JSON_AWK='@json.awk@'
FIELDS_AWK='@fields.awk@'
STATE_AWK='@state.awk@'
KEPT_AWK='@kept.awk@'
WRITE_AWK='@write.awk@'
UPGRADE_AWK='@upgrade.awk@'
OBSERVE_AWK='@observe.awk@'

# assign JSON: prints shell assignments, ready for eval (fields.awk).
assign() { printf '%s\n' "$1" | LC_ALL=C awk "$JSON_AWK $FIELDS_AWK"'{ assign($0, "") }'; }

# with_state KIND WAS COMMAND...: runs COMMAND with every field of the desired state on stdin in a variable (state.awk). Unless WAS is
# empty, what was wanted last time is in variables with the prefix was_.
with_state() {
  local outdated=
  eval "$(state_fields "$1" "$2")"
  [ -z "$outdated" ] || eval "$(printf '%s\n' "$json" "$secrets" | upgraded "$1" | state_fields "$1" "$2")"
  shift 2
  "$@"
}

state_fields() {
  LC_ALL=C awk -v kind="$1" -v kept="${2:+$STATE/desired}" -v protocol="$LEVEL" "$JSON_AWK $FIELDS_AWK $STATE_AWK"
}

# upgraded KIND: converts the desired state and secrets on stdin from an older form to the current one.
upgraded() { LC_ALL=C awk -v kind="$1" -v protocol="$LEVEL" "$JSON_AWK $WRITE_AWK $UPGRADE_AWK"; }

# with_kept FILE COMMAND...: the same for a file of desired state.
with_kept() {
  local file="$1" kind="${1##*/}"
  shift
  with_state "${kind%%-*}" "" "$@" <"$file"
}

# kept KIND PATH...: a line for each thing of this kind that the host keeps: its file, lab, step, and what is at these paths (kept.awk).
kept() {
  local kind="$1"
  shift
  set -- "$*" "$STATE/desired/$kind"-*.json
  [ -e "$2" ] || return 0
  local paths="$1"
  shift
  LC_ALL=C awk -v paths="$paths" "$JSON_AWK $KEPT_AWK" "$@"
}

# What apply and remove answer (guest/protocol.ts).
answer() { printf '{"v":%s}\n' "$LEVEL"; }

# observed: prints the answer of observe: the desired state with the actual values, which are lines for observe.awk on stdin.
observed() {
  # For guest drift the lines themselves (drift.sh).
  if [ -n "${looked-}" ]; then cat && return; fi
  { printf '%s\n' "$json" && cat; } | LC_ALL=C awk -v protocol="$LEVEL" "$JSON_AWK $WRITE_AWK $OBSERVE_AWK"
}

# The answer of observe for a missing thing.
absent() { if [ -n "${looked-}" ]; then echo gone; else printf '{"v":%s,"state":null}\n' "$LEVEL"; fi; }

# fault PATH TEXT: prints a line for `guest drift` that says what is wrong, with the field that it is about, or - for none.
fault() { [ -z "${looked-}" ] || printf 'fault %s %s\n' "$1" "$2"; }

# made KIND FILE...: stores the hashes of these files. guest drift reports those that are changed later.
made() {
  local about="$1-$id" file
  shift
  [ -d "$STATE/made" ] || mkdir -p "$STATE/made"
  for file in "$@"; do
    shift
    [ ! -e "$file" ] || set -- "$@" "$file"
  done
  [ $# -gt 0 ] || return 0
  sha256sum "$@" >"$STATE/made/.new"
  mv "$STATE/made/.new" "$STATE/made/$about"
}
