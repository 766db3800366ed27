#!/bin/sh
# A host's attachment to one VNI, in one of three ways to reach the others:
#   unicast     one tunnel port of the bridge for each remote VTEP; Open vSwitch copies floods to each
#   multicast   the kernel's vxlan device, a port of the bridge; floods go to a multicast group, once (group.sh)
#   flow        a bridge behind the host's, joined by a pair of patch ports; static flows (flows.awk) on its one tunnel port. A bridge
#               of its own: VLANs and learning stay the host bridge's affair, containers come and go with no flow changed, and a
#               bridge that fails "secure" forwards nothing while it has no flows.
# Desired state: components/segment/state.ts. It names every port and device.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

TUNNELS_AWK='@tunnels.awk@'
FLOWS_AWK='@flows.awk@'
PORT_AWK='@observe.awk@'

port_apply() {
  # first: no step was ever begun for this port, so Open vSwitch has nothing of it and need not be asked.
  # said: what ovs-vsctl said of the tunnels.
  local begun="$STATE/begun/port-$id" first=false gone='' said='' refused=''
  port_alone
  port_begin
  # Ports do not move between bridges: what sits on the old one goes first.
  [ "${was_bridge:-$bridge}" = "$bridge" ] || port_drop
  guard_apply port
  case $flooding in
    unicast | multicast | flow) "port_$flooding" ;;
    *) fail "unknown flooding: $flooding" ;;
  esac
  # Of new tunnels ovs-vsctl says itself that the switch refuses one (utilities/ovs-vsctl.c, post_db_reload_do_checks). Where it said
  # nothing, asking would cost 0.1 s under emulation.
  [ "$first,$flooding,$said" = true,unicast, ] || refused=$(port_refused)
  [ -z "$refused" ] || fail "Open vSwitch refuses $refused"
  keep port
  rm -f "$begun"
  rmdir "$STATE/begun" 2>/dev/null || : # another's may be in it
  group_rest
  answer
}

# Of one VNI several labs may have tunnels to hosts that differ. A flow or a multicast segment takes in what every host sends.
port_alone() {
  shared port || return 0
  local cure="write another vni in one of the two labs" i=0 port remote
  set --
  while next_remote; do set -- "$@" "$port"; done
  alone "the tunnel port of VNI $vni towards the same host" "$cure" port 'remotes.*.port' "$@"
  [ "${was_vni-}" != "$vni" ] || return 0
  set -- "flow $vni" "multicast $vni"
  [ "$flooding" = unicast ] || set -- "$@" "unicast $vni"
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

# Sets: gone said
port_unicast() {
  local tunnels='' i=0 port remote
  while next_remote; do tunnels="$tunnels $port "; done
  port_gone "$tunnels"
  # Before the tunnels: the kernel's device and Open vSwitch's cannot share a UDP port.
  group_drop
  eval "set -- $gone"
  # tag: 0 is an untagged access port; without any a port is a trunk, and every segment leaks into this one.
  # protected: a mesh of three or more loops without split horizon (ovs-vswitchd.conf.db(5), Port); a hub passes on.
  i=0
  while next_remote; do
    set -- "$@" -- --may-exist add-port "$bridge" "$port" \
      -- set port "$port" protected="$protected" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
      -- set interface "$port" type="$encapsulation" options:remote_ip="\"$remote\"" options:local_ip="\"$local\"" \
      options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
  done
  # One transaction: all tunnels change at once or none does.
  [ $# -gt 0 ] || return 0
  shift
  if [ -z "$gone" ] || [ "$remotes_count" = 0 ]; then
    said=$(vsctl "$@" 2>&1) || { printf '%s\n' "$said" >&2 && exit 1; }
    return
  fi
  # A tunnel that only gets another name: Open vSwitch adds the new port before it has given up the old one, refuses two tunnels
  # with the same ends (ovs-vsctl exits 0), and looks again when something else changes in its database.
  said=$(vsctl "$@" 2>&1) || fail "$said"
  [ -z "$(port_refused)" ] || { vsctl set bridge "$bridge" external_ids:again=1 && vsctl remove bridge "$bridge" external_ids again; }
}

# Sets: gone
port_flow() {
  local behind="$devices_bridge" tunnel="$devices_tunnel" patch="$devices_patch" peer="$devices_peer"
  [ "${was_devices_bridge-}" = "$behind" ] || bridge_free "$behind"
  port_gone " $tunnel $patch $peer $behind "
  group_drop
  # First what nobody sees: the way there is opened when the flows are in place.
  vsctl --may-exist add-br "$behind" \
    -- set bridge "$behind" fail_mode=secure external_ids:vxlab="\"$lab\"" external_ids:vxlab-port="\"$id\"" \
    -- --may-exist add-port "$behind" "$tunnel" -- set port "$tunnel" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$tunnel" type="$encapsulation" ofport_request=2 options:remote_ip=flow options:local_ip="\"$local\"" \
    options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
  no_ipv6 "$behind" ""
  port_flows
  eval "set -- $gone"
  set -- "$@" -- --may-exist add-port "$bridge" "$patch" \
    -- set port "$patch" protected="$protected" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$patch" type=patch options:peer="$peer" external_ids:vxlab-port="\"$id\"" \
    -- --may-exist add-port "$behind" "$peer" -- set port "$peer" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$peer" type=patch ofport_request=1 options:peer="$patch" external_ids:vxlab-port="\"$id\""
  shift
  vsctl "$@"
}

# port_flows: the flows are exactly these; those that are there already stay untouched.
port_flows() {
  local flows said tries=60
  flows=$(port_flows_wanted) || fail "$flows"
  # A switch that was only just started does not listen yet.
  until said=$(printf '%s\n' "$flows" | ovs-ofctl --bundle replace-flows "$devices_bridge" - 2>&1); do
    tries=$((tries - 1))
    case $tries,$said in [1-9]*"not a bridge"* | [1-9]*onnect*) sleep 0.5 ;; *) fail "no flows on $devices_bridge: $said" ;; esac
  done
}

port_flows_wanted() { printf '%s\n' "$json" | LC_ALL=C awk "$JSON_AWK $FLOWS_AWK"; }

# After ovs-vswitchd was started anew: the flows of every bridge.
flows_again() {
  local name file way
  for name in $(security_bridges); do
    (security_again "$name") || printf 'vxlab: no flows on %s\n' "$name" >&2
  done
  kept port flooding | while read -r file _ _ way; do
    [ "$way" != flow ] || (with_kept "$file" port_flows) || printf 'vxlab: no flows for %s\n' "$file" >&2
  done
}

# next_remote: port and remote of number i, which goes up; false after the last. Only unicast has a port for each.
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
  group_drop
}

port_remove() {
  port_drop
  forget port
  rm -f "$STATE/begun/port-$id"
  group_rest
  guard_apply
  leave
  answer
}

# What only the guard or the flows know of, such as the peers of a group, is answered as it is wanted.
port_observe() {
  local rows on flows=same
  rows=$(vsctl --format=json --columns=name,tag,protected find port external_ids:vxlab-port="\"$id\"" \
    -- --columns=name,type,options find interface external_ids:vxlab-port="\"$id\"" \
    -- --columns=name find bridge external_ids:vxlab-port="\"$id\"")
  on=$(port_on)
  [ "$flooding" != flow ] || port_flows_same || flows=other
  {
    printf '%s\n' "$json" "$rows"
    [ "$flooding" != multicast ] || iproute -d -o link show dev "$devices_tunnel" 2>/dev/null || :
  } | LC_ALL=C awk -v bridge="$on" -v flows="$flows" "$JSON_AWK $PORT_AWK" | observed
}

# The bridge that its ports are on.
port_on() {
  local i=0 port remote
  set -- "${devices_patch-}" "${devices_tunnel-}"
  while next_remote; do set -- "$@" "$port"; done
  for port in "$@"; do
    if [ -n "$port" ] && vsctl port-to-br "$port" 2>/dev/null; then return 0; fi
  done
}

port_flows_same() {
  port_flows_wanted | ovs-ofctl -O OpenFlow14 --no-names diff-flows "$devices_bridge" /proc/self/fd/0 >/dev/null 2>&1
}
