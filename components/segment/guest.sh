#!/bin/sh
# A host's attachment to one VNI. The way to flood in `flooding` decides how frames reach the other hosts (ways/WORD.sh):
#   WORD_apply, WORD_observe   make its ports, in a transaction with `gone`; print their actual state, from the lines on stdin (port_awk)
# and those of these functions that the way needs:
#   WORD_drop                  removes what is not in Open vSwitch
#   WORD_rest                  after a step: removes what no port needs any more
#   WORD_again, WORD_drift     sets its flows again; prints what is not as desired, as in drift.sh
#   WORD_stations              after a container, service or bridge was added, changed or removed
#   WORD_inner, WORD_bridged   for the host guard: the interface by which the host is in the segment; the same with IPv6 on, without addresses
#   WORD_senders               for the host guard: who may send if no remote is known
# Desired state: components/segment/thing.ts. It names every port and device.
# shellcheck disable=SC2034,SC2154 # some are read by what is called; the variables come out of with_state, by eval

WAYS="@WAYS@"
# Ways to flood with one port for all other hosts.
JOINT="@JOINT@"
TUNNELS_AWK='@tunnels.awk@'
PORT_AWK='@observe.awk@'

port_apply() {
  # first: no step has run for this port before, so Open vSwitch has nothing of it and need not be asked. said: the output of ovs-vsctl for
  # new ports.
  local begun="$STATE/begun/port-$id" first=false gone='' said=unknown refused=''
  port_alone
  port_begin
  # Ports do not move between bridges: those on the old bridge are deleted first.
  [ "${was_bridge:-$bridge}" = "$bridge" ] || port_drop
  guard_apply port
  case " $WAYS " in *" $flooding "*) ;; *) fail "unknown flooding: $flooding" ;; esac
  "${flooding}_apply"
  # ovs-vsctl reports new tunnels that the switch refuses (utilities/ovs-vsctl.c, post_db_reload_do_checks). If it reported nothing, there
  # is no need to ask, which takes 0.1 s under emulation.
  [ "$first,$said" = true, ] || refused=$(port_refused)
  [ -z "$refused" ] || fail "Open vSwitch refuses $refused"
  keep port
  rm -f "$begun"
  rmdir "$STATE/begun" 2>/dev/null || : # other steps' marks may be in it
  ways rest
  answer
}

# way_has WORD NAME: true if that way to flood has a function of this name.
way_has() { command -v "$1_$2" >/dev/null; }

# ways NAME: calls that function of every way that has it.
ways() {
  local way
  for way in $WAYS; do ! way_has "$way" "$1" || "${way}_$1"; done
}

# is_joint WORD: true if that way to flood has one port for all other hosts.
is_joint() { case " $JOINT " in *" $1 "*) ;; *) return 1 ;; esac; }

# Several labs may have tunnels of one VNI, if these lead to different hosts. A port for all hosts accepts packets from every host, so only
# one lab can have it.
port_alone() {
  shared port || return 0
  local cure="write another vni in one of the two labs" i=0 port remote way
  set --
  while next_remote; do set -- "$@" "$port"; done
  alone "the tunnel port of VNI $vni towards the same host" "$cure" port 'remotes.*.port' "$@"
  [ "${was_vni-}" != "$vni" ] || return 0
  set --
  for way in $WAYS; do
    if is_joint "$flooding" || is_joint "$way"; then set -- "$@" "$way $vni"; fi
  done
  alone "VNI $vni" "$cure" port "flooding vni" "$@"
}

# Sets: first
port_begin() {
  # A mark of tools of level 1, left by an interrupted step.
  if [ -e "$STATE/begun/port-$step" ]; then
    relabel vxlab-port interface
    mv "$STATE/begun/port-$step" "$begun"
  fi
  [ -e "$(desired port "$id")" ] || [ -e "$begun" ] || first=true
  [ -d "$STATE/begun" ] || mkdir -p "$STATE/begun"
  : >"$begun"
}

# Sets the flows of every bridge again, after a restart of ovs-vswitchd.
flows_again() {
  local name file way
  for name in $(security_bridges); do
    (security_again "$name") || printf 'vxlab: no flows on %s\n' "$name" >&2
  done
  for file in "$IMPAIRED"/*; do
    case $file in *.as | *.since | *.hook | *'*') continue ;; esac
    (impair_lead "${file##*/}") || :
  done
  kept port flooding | while read -r file _ _ way; do
    ! way_has "$way" again || (with_kept "$file" "${way}_again") || printf 'vxlab: no flows for %s\n' "$file" >&2
  done
}

# Compares the flows of ways to flood with the computed ones. Port security compares those of the host's bridge.
flows_drift() { kept_each port way_drift; }

way_drift() { ! way_has "$flooding" drift || "${flooding}_drift"; }

# next_remote: port and remote of number i, which goes up; false after the last. Only separate tunnels have a port each.
# Sets: i port remote
next_remote() {
  [ "$i" -lt "${remotes_count:-0}" ] || return 1
  eval "port=\${remotes_${i}_port-} remote=\$remotes_${i}_address"
  i=$((i + 1))
}

# port_gone WANTED: sets gone to arguments (for eval) that remove what this step has in Open vSwitch and no longer wants: ports first, then
# the bridge that some of them are on. Sets: gone
port_gone() {
  local names have what=del-port
  gone=
  ! "${first:-false}" || return 0
  # Not in the head of the loop, where a failure would be ignored.
  names=$(vsctl --bare --no-headings --columns=name find port external_ids:vxlab-port="\"$id\"" \
    -- --columns=_uuid,name find bridge external_ids:vxlab-port="\"$id\"")
  for have in $names; do
    plain "$have"
    # A UUID, longer than any interface name, comes before the name of a bridge.
    [ "${#have}" -le 15 ] || { what=del-br && continue; }
    case $1 in *" $have "*) ;; *) gone="$gone -- --if-exists $what $have" ;; esac
  done
}

# port_clear WANTED: port_gone; also removes what other ways to flood have outside Open vSwitch, since the kernel's device and an Open
# vSwitch tunnel cannot share a UDP port. Sets: gone
port_clear() {
  local way
  port_gone "$1"
  for way in $WAYS; do
    [ "$way" = "$flooding" ] || ! way_has "$way" drop || "${way}_drop"
  done
}

# ovs-vsctl exits with 0 for a tunnel that the switch refuses: only the columns error and ofport show it. Prints what is wrong, if anything
# is.
port_refused() {
  local rows
  # busybox: set -e does not reach into a command substitution.
  rows=$(vsctl --format=json --columns=name,ofport,error,options find interface external_ids:vxlab-port="\"$id\"") || exit 1
  printf '%s\n' "$rows" | LC_ALL=C awk "$JSON_AWK $TUNNELS_AWK"
}

port_drop() {
  local gone
  port_gone ""
  [ -z "$gone" ] || eval "vsctl ${gone# -- }"
  ways drop
}

port_remove() {
  port_drop
  forget port
  rm -f "$STATE/begun/port-$id"
  ways rest
  guard_apply
  leave
  answer
}

# Fields that only the guard or the flows use, such as the peers of a group, are answered as wanted.
port_observe() {
  local rows
  rows=$(port_rows)
  printf '%s\n' "$json" "$rows" | "${flooding}_observe" | observed
}

# For guest drift: the same, from what it has collected.
port_found() {
  local line none='{"data":[]}' tab='	'
  seen_of rows "$id" || line=$none$tab$none$tab$none
  "${flooding}_observe" <<ROWS
$json
$line
ROWS
}

port_rows() {
  vsctl --format=json --columns=name,tag,protected find port external_ids:vxlab-port="\"$id\"" \
    -- --columns=name,type,options,bfd find interface external_ids:vxlab-port="\"$id\"" \
    -- --columns=name find bridge external_ids:vxlab-port="\"$id\""
}

# port_awk TEXT OPTION...: observe.awk with a way's own function.
port_awk() {
  local text="$1" on joint=0
  shift
  port_on
  ! is_joint "$flooding" || joint=1
  LC_ALL=C awk -v bridge="$on" -v joint="$joint" "$@" "$JSON_AWK $PORT_AWK $text"
}

# The bridge that its ports are on. Sets: on
port_on() {
  local i=0 port remote
  on=
  set -- "${devices_patch-}" "${devices_port-}" "${devices_tunnel-}"
  while next_remote; do set -- "$@" "$port"; done
  for port in "$@"; do
    [ -n "$port" ] || continue
    bridge_of "$port"
    [ -z "$on" ] || return 0
  done
}
