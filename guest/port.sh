#!/bin/sh
# A host's attachment to one VNI: one VXLAN port of the bridge for each remote VTEP.
# desired state: {id, lab, bridge, vni, udpPort, local, vlan|null, remotes: [{name, address}]}
# shellcheck disable=SC2154 # the variables come out of assign, by eval

TUNNELS_AWK='@tunnels.awk@'

port_apply() {
  id_of "$1"
  wanted=$1 # the positional parameters become the transaction
  eval "$(assign "$wanted" "$(desired port "$id")")"
  # Ports do not move between bridges: what sits on the old one goes first.
  [ "${was_bridge:-$bridge}" = "$bridge" ] || port_drop
  tunnels=
  i=0
  while next_remote; do tunnels="$tunnels $port "; done
  set --
  for have in $(port_names); do
    case $tunnels in *" $have "*) ;; *) set -- "$@" -- --if-exists del-port "$have" ;; esac
  done
  # tag: 0 is an untagged access port; without any a port is a trunk, and every segment leaks into this one.
  # protected: a mesh of three or more loops without split horizon (ovs-vswitchd.conf.db(5), Port).
  i=0
  while next_remote; do
    set -- "$@" -- --may-exist add-port "$bridge" "$port" \
      -- set port "$port" protected=true tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
      -- set interface "$port" type=vxlan options:remote_ip="\"$remote\"" options:local_ip="\"$local\"" \
      options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
  done
  # One transaction: all tunnels change at once or none does.
  [ $# -eq 0 ] || { shift && vsctl "$@"; }
  port_look
  [ -z "$bad" ] || fail "Open vSwitch refuses $bad"
  keep port "$id" "$wanted"
  printf '%s\n' "$found"
}

# next_remote: port and remote of number i, which goes up; false after the last.
next_remote() {
  [ "$i" -lt "$remotes_count" ] || return 1
  eval "port=\$remotes_${i}_name remote=\$remotes_${i}_address"
  i=$((i + 1))
}

port_names() { vsctl --bare --no-headings --columns=name find port external_ids:vxlab-port="\"$id\""; }

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
  for have in $(port_names); do vsctl --if-exists del-port "$have"; done
}

port_remove() {
  id_of "$1"
  port_drop
  rm -f "$(desired port "$id")"
  leave
  printf '{}\n'
}

port_observe() {
  id_of "$1"
  port_look
  printf '%s\n' "$found"
}
