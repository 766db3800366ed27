#!/bin/sh
# Helpers of the guest tools. guest/render.ts joins the files: this one first, main.sh last.
# shellcheck disable=SC2034,SC2154 # used by the files that follow; the variables come out of with_state, by eval
set -eu
# A command over SSH comes with a short PATH, in which busybox may hide iproute2.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# The version of guest/protocol.ts, and of everything that is kept on a host. host/install.sh replaces no tools of a higher level,
# take_over (ids.sh) brings what is kept up to it.
LEVEL=@PROTOCOL@

STATE=${VXLAB_STATE:-/var/lib/vxlab}
TOOLS=${VXLAB_TOOLS:-/usr/lib/vxlab}
LOCK=${VXLAB_LOCK:-/run/vxlab.lock}
LOCK_WAIT=${VXLAB_LOCK_WAIT:-600}
# What the kernel shows and lets be set; elsewhere in tests only.
NET=${VXLAB_NET:-/sys/class/net}
CGROUPS=${VXLAB_CGROUPS:-/sys/fs/cgroup}
PROC=${VXLAB_PROC:-/proc}
SYSCTL=${VXLAB_SYSCTL:-/proc/sys}
MODULES=${VXLAB_MODULES:-/sys/module}
# What this host asks for names by.
RESOLV=${VXLAB_RESOLV:-/etc/resolv.conf}
# Without a limit ovs-vsctl waits for ever when ovs-vswitchd is not there to confirm (ovs-vsctl(8)).
OVS_WAIT=60
# So do ovs-ofctl and ovs-appctl for one that does not answer: their limit without --timeout (NEWS of Open vSwitch 2.11).
export OVS_CTL_TIMEOUT="$OVS_WAIT"

fail() {
  printf 'vxlab: %s\n' "$*" >&2
  exit 1
}

# --retry: on a machine that still boots the database is not there yet.
vsctl() { ovs-vsctl --retry --timeout="$OVS_WAIT" "$@"; }

# One change at a time on a host, however many labs and sessions speak to it: under emulation a dozen Docker containers start
# one after the other, 20 s each.
lock() {
  local tries=$((LOCK_WAIT * 5))
  exec 9>"$LOCK"
  # busybox's, where the shell is busybox's: an eighth of the time. Only who has to wait needs the other.
  if flock -n 9; then return 0; fi
  # It waits without asking again and again, which would take the processor from the step that is waited for.
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

# secrets_of KIND ID: the file that holds its secrets. It exists only for a thing that has any.
secrets_of() { printf '%s/secrets/%s-%s.json' "$STATE" "$1" "$2"; }

# keep KIND: stores the desired state and the secrets of the step that runs, for the next boot.
keep() {
  if [ -n "$secrets" ]; then store "$(secrets_of "$1" "$id")" "$secrets"; else forget_secrets "$1"; fi
  [ -d "$STATE/desired" ] || { mkdir -p "$STATE" && echo "$LEVEL" >"$STATE/level"; }
  store "$(desired "$1" "$id")" "$json"
}

# store FILE TEXT: whole or not at all, and for root alone.
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

# assign JSON: as shell assignments, ready for eval (fields.awk).
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

# upgraded KIND: the desired state and secrets on stdin, in the form of older tools, in the form of these.
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

# observed: what observe answers: the desired state with what was found of it, as lines of observe.awk on stdin.
observed() {
  # For guest drift the lines themselves (drift.sh).
  if [ -n "${looked-}" ]; then cat && return; fi
  { printf '%s\n' "$json" && cat; } | LC_ALL=C awk -v protocol="$LEVEL" "$JSON_AWK $WRITE_AWK $OBSERVE_AWK"
}

# What observe answers of a thing that is not there.
absent() { if [ -n "${looked-}" ]; then echo gone; else printf '{"v":%s,"state":null}\n' "$LEVEL"; fi; }

# fault PATH TEXT: a line of observe for `guest drift`: what is wrong in words, with the field that it is about, or - for none.
fault() { [ -z "${looked-}" ] || printf 'fault %s %s\n' "$1" "$2"; }

# made KIND FILE...: what these files are now. guest drift names those that are changed later.
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

# addresses_of DEVICE: its addresses with prefix lengths but link-local ones, with spaces between.
addresses_of() {
  ip -o address show dev "$1" scope global | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $4 }'
}

# plain TEXT...: what goes into flows, rules and configurations is made of the characters of names and addresses, so
# that none of it can be read as anything else.
plain() {
  local text
  for text in "$@"; do
    case $text in *[!A-Za-z0-9_.:/@,-]*) fail "the desired state has text where a name or an address belongs: $text" ;; esac
  done
}

# iproute WORDS...: iproute2's own. The shell of our image takes busybox's for `ip`, which starts faster and knows neither
# vxlan devices nor -batch.
iproute() { "$(iproute_path)" "$@"; }

iproute_path() { program_path ip; }

# program_path NAME: the file, where busybox has an applet of that name.
program_path() {
  local old="$IFS" folder
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/$1" ]; then printf %s "$folder/$1" && break; fi
  done
  IFS=$old
}

# device_down DEVICE: says that it is down, with guest drift. IFF_UP (linux/if.h)
device_down() {
  local flags
  [ -n "${looked-}" ] || return 0
  { read -r flags <"$NET/$1/flags" || flags=1; } 2>/dev/null
  [ $((flags & 1)) = 1 ] || fault - "the interface $1 is down"
}

# only_addresses DEVICE "ADDRESS...": the device has these, with their prefix lengths, and no others but link-local ones.
only_addresses() {
  local have want
  for have in $(ip -o address show dev "$1" scope global | awk '{print $4}'); do
    case " $2 " in *" $have "*) ;; *) ip address del "$have" dev "$1" ;; esac
  done
  for want in $2; do ip address replace "$want" dev "$1"; done
}

# device_of ADDRESS: the interface of this host that has it.
device_of() {
  ip -o address show | awk -v address="$1" '{ split($4, parts, "/") } parts[1] == address { print $2; found = 1; exit } END { exit !found }' ||
    fail "no interface of this host has the address $1"
}

# underlay_device LOCAL [PEER]: the interface that packets from this VTEP leave by. A VTEP may be on lo or on a dummy interface,
# so the route to a peer decides; where no peer is known, the default route does for those two.
underlay_device() {
  local way='' family fallback
  if [ -n "${2:-}" ]; then
    way=$(ip -o route get "$2" from "$1" 2>/dev/null | route_device)
    if [ -n "$way" ]; then printf '%s\n' "$way" && return; fi
  fi
  # busybox: set -e does not reach into a command substitution.
  way=$(device_of "$1") || exit 1
  if is_stub "$way"; then
    case $1 in *:*) family=-6 ;; *) family=-4 ;; esac
    # busybox's ip shows other routes as well.
    fallback=$(ip -o "$family" route show default | grep '^default ' | route_device)
    [ -n "$fallback" ] || fail "the address $1 is on $way, and this host has no default route: no interface leads to the underlay"
    way=$fallback
  fi
  printf '%s\n' "$way"
}

# is_stub DEVICE: nothing leaves a host by it. IFF_LOOPBACK, or IFF_BROADCAST with IFF_NOARP, which is a dummy (linux/if.h).
is_stub() {
  local flags
  { read -r flags <"$NET/$1/flags" || flags=0; } 2>/dev/null
  [ "$1" = lo ] || [ $((flags & 0x8)) != 0 ] || [ $((flags & 0x82)) = 130 ]
}

# The interface of the first route on stdin; nothing for an address of this host ("local").
route_device() { awk 'NR == 1 && $1 != "local" { for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }'; }

# nameservers: those of this host that its segments can ask as well. NAT takes IPv4 out; what systemd-resolved has on the
# loopback is for the host alone, and whom that asks is in a file of its own.
nameservers() {
  cat "$RESOLV" /run/systemd/resolve/resolv.conf 2>/dev/null |
    awk '$1 == "nameserver" && $2 ~ /^[0-9.]+$/ && $2 !~ /^(0|127)\./ && !seen[$2]++ && n++ < 3 { print $2 }'
}

# tune NAME VALUE: a setting of the kernel, by its path below /proc/sys; what it was is kept for untune.
tune() {
  local now file
  # Not `read`, which takes one byte at a time: these files give no more than the first of them.
  now=$(cat "$SYSCTL/$1")
  [ "$now" != "$2" ] || return 0
  file=$STATE/tuned/$(printf %s "$1" | tr / ,)
  mkdir -p "$STATE/tuned"
  [ -e "$file" ] || printf '%s\n' "$now" >"$file"
  printf '%s\n' "$2" >"$SYSCTL/$1"
}

# untune [NAME]: as it was before; without a name everything.
untune() {
  local file at
  for file in "$STATE"/tuned/*; do
    [ -e "$file" ] || continue
    at=$(printf %s "${file##*/}" | tr , /)
    case ${1:-$at} in "$at") ;; *) continue ;; esac
    # The interface that it was about may be gone.
    [ ! -e "$SYSCTL/$at" ] || cat "$file" >"$SYSCTL/$at"
    rm -f "$file"
  done
}
