#!/bin/sh
# A host's attachment to one VNI, in one of three ways to reach the others:
#   unicast     one tunnel port vx… of the bridge for each remote VTEP; Open vSwitch copies floods to each
#   multicast   the kernel's vxlan device vm<VNI>, a port of the bridge; floods go to a multicast group, once (group.sh)
#   flow        a bridge bf<VNI> behind the host's, joined by a pair of patch ports; static flows (flows.awk) on its one
#               tunnel port vf<VNI>. A bridge of its own: VLANs and learning stay the host bridge's affair, containers come
#               and go with no flow changed, and a bridge that fails "secure" forwards nothing while it has no flows.
# desired state: {id, lab, bridge, vni, udpPort, local, vlan|null, flooding, protected, group|null, ttl|null, mtu,
#                 remotes: [{name, address}], stations: [{mac, addresses: [..], vtep}]}
# shellcheck disable=SC2154 # the variables come out of assign, by eval

TUNNELS_AWK='@tunnels.awk@'
FLOWS_AWK='@flows.awk@'

port_apply() {
  wanted=$1 # the positional parameters become the transaction
  eval "$(assign "$wanted" "$(desired port "$id")")"
  : "${flooding:=unicast}"
  port_alone
  port_begin
  # Ports do not move between bridges: what sits on the old one goes first.
  [ "${was_bridge:-$bridge}" = "$bridge" ] || port_drop
  guard_apply port
  case $flooding in
    unicast | multicast | flow) "port_$flooding" ;;
    *) fail "no such way to flood: $flooding" ;;
  esac
  port_look
  [ -z "$bad" ] || fail "Open vSwitch refuses $bad"
  keep port "$id" "$wanted"
  rm -f "$begun"
  rmdir "$STATE/begun" 2>/dev/null || : # another's may be in it
  group_rest
  printf '%s\n' "$found"
}

# Of one VNI several labs may have tunnels to hosts that differ. A flow or a multicast segment takes in what every host sends.
port_alone() {
  shared port || return 0
  cure="write another vni in one of the two labs"
  i=0
  set --
  while next_remote; do set -- "$@" "\"name\":\"$port\""; done
  alone "the tunnel port of VNI $vni towards the same host" "$cure" port "" "$@"
  [ "${was_vni-}" != "$vni" ] || return 0
  except=
  [ "$flooding" != unicast ] || except='"flooding":"unicast"'
  alone "VNI $vni" "$cure" port "$except" "\"vni\":$vni,"
}

# Of a port that no step was ever begun for Open vSwitch has nothing, and need not be asked.
port_begin() {
  begun=$STATE/begun/port-$id
  first=false
  # By tools of level 1, and cut short.
  if [ -e "$STATE/begun/port-$step" ]; then
    relabel vxlab-port interface
    mv "$STATE/begun/port-$step" "$begun"
  fi
  [ -e "$(desired port "$id")" ] || [ -e "$begun" ] || first=true
  [ -d "$STATE/begun" ] || mkdir -p "$STATE/begun"
  : >"$begun"
}

port_unicast() {
  tunnels=
  i=0
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
      -- set port "$port" protected="${protected:-true}" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
      -- set interface "$port" type=vxlan options:remote_ip="\"$remote\"" options:local_ip="\"$local\"" \
      options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
  done
  # One transaction: all tunnels change at once or none does.
  [ $# -gt 0 ] || return 0
  shift
  if [ -z "$gone" ] || [ "$remotes_count" = 0 ]; then
    vsctl "$@"
    return
  fi
  # A tunnel that only gets another name: Open vSwitch adds the new port before it has given up the old one, refuses two tunnels
  # with the same ends (ovs-vsctl exits 0), and looks again when something else changes in its database.
  said=$(vsctl "$@" 2>&1) || fail "$said"
  port_look
  [ -z "$bad" ] || { vsctl set bridge "$bridge" external_ids:again=1 && vsctl remove bridge "$bridge" external_ids again; }
}

port_flow() {
  [ "${was_flooding-},${was_vni-}" = "flow,$vni" ] || bridge_free "bf$vni"
  port_gone " vf$vni pf$vni pb$vni bf$vni "
  group_drop
  # First what nobody sees: the way there is opened when the flows are in place.
  vsctl --may-exist add-br "bf$vni" \
    -- set bridge "bf$vni" fail_mode=secure external_ids:vxlab="\"$lab\"" external_ids:vxlab-port="\"$id\"" \
    -- --may-exist add-port "bf$vni" "vf$vni" -- set port "vf$vni" external_ids:vxlab-port="\"$id\"" \
    -- set interface "vf$vni" type=vxlan ofport_request=2 options:remote_ip=flow options:local_ip="\"$local\"" \
    options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
  no_ipv6 "bf$vni" ""
  port_flows "$wanted"
  eval "set -- $gone"
  set -- "$@" -- --may-exist add-port "$bridge" "pf$vni" \
    -- set port "pf$vni" protected="${protected:-true}" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
    -- set interface "pf$vni" type=patch options:peer="pb$vni" external_ids:vxlab-port="\"$id\"" \
    -- --may-exist add-port "bf$vni" "pb$vni" -- set port "pb$vni" external_ids:vxlab-port="\"$id\"" \
    -- set interface "pb$vni" type=patch ofport_request=1 options:peer="pf$vni" external_ids:vxlab-port="\"$id\""
  shift
  vsctl "$@"
}

# port_flows JSON: the flows are exactly these; those that are there already stay untouched.
port_flows() {
  flows=$(printf '%s\n' "$1" | LC_ALL=C awk "$JSON_AWK $FLOWS_AWK") || fail "$flows"
  # A switch that was only just started does not listen yet.
  tries=60
  until said=$(printf '%s\n' "$flows" | ovs-ofctl --bundle replace-flows "bf$vni" - 2>&1); do
    tries=$((tries - 1))
    case $tries,$said in [1-9]*"not a bridge"* | [1-9]*onnect*) sleep 0.5 ;; *) fail "no flows on bf$vni: $said" ;; esac
  done
}

# After ovs-vswitchd was started anew: the flows of every bridge.
flows_again() {
  for name in $(security_bridges); do
    (security_again "$name") || printf 'vxlab: no flows on %s\n' "$name" >&2
  done
  for file in "$STATE"/desired/port-*.json; do
    [ -e "$file" ] || continue
    json=$(cat "$file")
    case $json in *'"flooding":"flow"'*) ;; *) continue ;; esac
    (
      eval "$(assign "$json")"
      port_flows "$json"
    ) || printf 'vxlab: no flows for %s\n' "$file" >&2
  done
}

# next_remote: port and remote of number i, which goes up; false after the last.
next_remote() {
  [ "$i" -lt "$remotes_count" ] || return 1
  eval "port=\$remotes_${i}_name remote=\$remotes_${i}_address"
  i=$((i + 1))
}

# port_gone WANTED: in gone, as words for eval, how to take away what this step has in Open vSwitch and wants no more.
port_gone() {
  gone=
  # Not in the loop's own words: there a failure would go unseen.
  names=$(port_names)
  for have in $names; do
    plain "$have"
    case $1 in *" $have "*) continue ;; esac
    case $have in bf*) gone="$gone -- --if-exists del-br $have" ;; *) gone="$gone -- --if-exists del-port $have" ;; esac
  done
}

# Ports first, then the bridge that some of them are on.
port_names() {
  "${first:-false}" || vsctl --bare --no-headings --columns=name find port external_ids:vxlab-port="\"$id\"" \
    -- --columns=name find bridge external_ids:vxlab-port="\"$id\""
}

# ovs-vsctl exits 0 on a tunnel that the switch refuses: only error and ofport tell.
port_look() {
  rows=$(vsctl --format=json --columns=name,ofport,error,options find interface external_ids:vxlab-port="\"$id\"")
  found=$(printf '%s\n' "$rows" | LC_ALL=C awk "$JSON_AWK $TUNNELS_AWK")
  # The second line, where there is one, is what is wrong.
  bad=${found#*"
"}
  [ "$bad" != "$found" ] || bad=
  found=${found%%"
"*}
}

port_drop() {
  port_gone ""
  [ -z "$gone" ] || eval "vsctl ${gone# -- }"
  group_drop
}

port_remove() {
  port_drop
  rm -f "$(desired port "$id")" "$STATE/begun/port-$id"
  group_rest
  guard_apply
  leave
  printf '{}\n'
}

port_observe() {
  port_look
  printf '%s\n' "$found"
}
