#!/bin/sh
# A host's attachment to one VNI: one VXLAN port of the bridge for each remote VTEP.
# desired state: {id, lab, bridge, vni, udpPort, local, vlan|null, remotes: [{name, address}]}
# shellcheck disable=SC2016,SC2154 # the variables come out of assign, by eval

port_fields='@sh "lab=\(.lab) bridge=\(.bridge) vni=\(.vni) udp=\(.udpPort) local=\(.local) vlan=\(.vlan // "") remotes=\([.remotes[] | "\(.name)=\(.address)"] | join(" ")) old=\($was.bridge // "")"'

port_apply() {
  id_of "$1"
  eval "$(assign "$1" "$port_fields" "$(desired port "$id")")"
  # Ports do not move between bridges: what sits on the old one goes first.
  [ -z "$old" ] || [ "$old" = "$bridge" ] || port_drop
  set --
  for have in $(port_names); do
    case " $remotes" in *" $have="*) ;; *) set -- "$@" -- --if-exists del-port "$have" ;; esac
  done
  for remote in $remotes; do
    port=${remote%%=*}
    # tag: 0 is an untagged access port; without any a port is a trunk, and every segment leaks into this one.
    # protected: a mesh of three or more loops without split horizon (ovs-vswitchd.conf.db(5), Port).
    set -- "$@" -- --may-exist add-port "$bridge" "$port" \
      -- set port "$port" protected=true tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
      -- set interface "$port" type=vxlan options:remote_ip="\"${remote#*=}\"" options:local_ip="\"$local\"" \
      options:key="\"$vni\"" options:dst_port="\"$udp\"" external_ids:vxlab-port="\"$id\""
  done
  # One transaction: all tunnels change at once or none does.
  [ $# -eq 0 ] || { shift && vsctl "$@"; }
  port_look
  [ -z "$bad" ] || fail "Open vSwitch refuses $bad"
  keep port "$id" "$json"
  printf '%s\n' "$found"
}

port_names() { vsctl --bare --no-headings --columns=name find port external_ids:vxlab-port="\"$id\""; }

# ovs-vsctl exits 0 on a tunnel that the switch refuses: only error and ofport tell.
port_seen='[.data[] | {name: .[0], ofport: (.[1] | if type == "number" then . else -1 end),
    error: (.[2] | if type == "string" then . else "" end), options: (.[3][1] | map({(.[0]): .[1]}) | add)}] | sort_by(.name)
  | @sh "bad=\([.[] | select(.ofport < 0 or .error != "")
      | "tunnel \(.name) to \(.options.remote_ip): \(if .error == "" then "no ofport" else .error end)"] | join("; "))",
    @sh "found=\({tunnels: .} | tojson)"'

port_look() {
  rows=$(vsctl --format=json --columns=name,ofport,error,options find interface external_ids:vxlab-port="\"$id\"")
  eval "$(assign "$rows" "$port_seen")"
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
