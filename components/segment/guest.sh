#!/bin/sh
# A host's attachment to one VNI. How frames reach the other hosts is a way's, by the word in `flooding` (ways/WORD.sh):
#   WORD_apply, WORD_observe   make its ports, in a transaction with `gone`; print what there is of them, of the lines on stdin (port_awk)
# and of these what it needs:
#   WORD_drop                  takes away what is not in Open vSwitch
#   WORD_rest                  after a step: what no port needs any more
#   WORD_again, WORD_drift     its flows, once more; what is not as desired, as in drift.sh
#   WORD_stations              after a container, service or bridge came, changed or went
#   WORD_inner, WORD_bridged   for the host guard: the interface by which the host is in the segment; the same with IPv6 on, without addresses
#   WORD_senders               for the host guard: who may send if no remote is known
# Desired state: components/segment/thing.ts. It names every port and device.
# shellcheck disable=SC2034,SC2154 # some are read by what is called; the variables come out of with_state, by eval

WAYS="@WAYS@"
# Ways by which one port leads to all other hosts.
JOINT="@JOINT@"
TUNNELS_AWK='@tunnels.awk@'
PORT_AWK='@observe.awk@'

port_apply() {
  # first: no step was ever begun for this port, so Open vSwitch has nothing of it and need not be asked.
  # said: what ovs-vsctl said of new ports.
  local begun="$STATE/begun/port-$id" first=false gone='' said=unknown refused=''
  port_alone
  port_begin
  # Ports do not move between bridges: those on the old bridge are deleted first.
  [ "${was_bridge:-$bridge}" = "$bridge" ] || port_drop
  guard_apply port
  case " $WAYS " in *" $flooding "*) ;; *) fail "unknown flooding: $flooding" ;; esac
  "${flooding}_apply"
  # Of new tunnels ovs-vsctl says itself that the switch refuses one (utilities/ovs-vsctl.c, post_db_reload_do_checks). Where it said
  # nothing, asking would cost 0.1 s under emulation.
  [ "$first,$said" = true, ] || refused=$(port_refused)
  [ -z "$refused" ] || fail "Open vSwitch refuses $refused"
  keep port
  rm -f "$begun"
  rmdir "$STATE/begun" 2>/dev/null || : # another's may be in it
  ways rest
  answer
}

# way_has WORD NAME: whether that way has a function of this name.
way_has() { command -v "$1_$2" >/dev/null; }

# ways NAME: calls that function of every way that has it.
ways() {
  local way
  for way in $WAYS; do ! way_has "$way" "$1" || "${way}_$1"; done
}

# is_joint WORD: whether one port of it leads to all other hosts.
is_joint() { case " $JOINT " in *" $1 "*) ;; *) return 1 ;; esac; }

# Of one VNI several labs may have tunnels to hosts that differ. A port to all hosts takes in what every host sends.
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
  # By tools of level 1, and cut short.
  if [ -e "$STATE/begun/port-$step" ]; then
    relabel vxlab-port interface
    mv "$STATE/begun/port-$step" "$begun"
  fi
  [ -e "$(desired port "$id")" ] || [ -e "$begun" ] || first=true
  [ -d "$STATE/begun" ] || mkdir -p "$STATE/begun"
  : >"$begun"
}

# After ovs-vswitchd was started anew: the flows of every bridge.
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

# The flows of ways are exactly the computed ones. Those of the host's bridge are port security's to judge.
flows_drift() { kept_each port way_drift; }

way_drift() { ! way_has "$flooding" drift || "${flooding}_drift"; }

# next_remote: port and remote of number i, which goes up; false after the last. Only separate tunnels have a port each.
# Sets: i port remote
next_remote() {
  [ "$i" -lt "${remotes_count:-0}" ] || return 1
  eval "port=\${remotes_${i}_port-} remote=\$remotes_${i}_address"
  i=$((i + 1))
}

# port_gone WANTED: in gone, as words for eval, how to take away what this step has in Open vSwitch and wants no more. Ports first,
# then the bridge that some of them are on. Sets: gone
port_gone() {
  local names have what=del-port
  gone=
  ! "${first:-false}" || return 0
  # Not in the loop's own words: there a failure would go unseen.
  names=$(vsctl --bare --no-headings --columns=name find port external_ids:vxlab-port="\"$id\"" \
    -- --columns=_uuid,name find bridge external_ids:vxlab-port="\"$id\"")
  for have in $names; do
    plain "$have"
    # A UUID, longer than any interface name, comes before the name of a bridge.
    [ "${#have}" -le 15 ] || { what=del-br && continue; }
    case $1 in *" $have "*) ;; *) gone="$gone -- --if-exists $what $have" ;; esac
  done
}

# port_clear WANTED: port_gone, after what other ways have outside of Open vSwitch: the kernel's device and a tunnel of Open vSwitch cannot
# share a UDP port. Sets: gone
port_clear() {
  local way
  port_gone "$1"
  for way in $WAYS; do
    [ "$way" = "$flooding" ] || ! way_has "$way" drop || "${way}_drop"
  done
}

# ovs-vsctl exits 0 on a tunnel that the switch refuses: only error and ofport tell. Prints what is wrong, if anything is.
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

# What only the guard or the flows know of, such as the peers of a group, is answered as it is wanted.
port_observe() {
  local rows
  rows=$(port_rows)
  printf '%s\n' "$json" "$rows" | "${flooding}_observe" | observed
}

# For guest drift: the same of what it has seen.
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
