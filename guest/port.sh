#!/bin/sh
# A host's attachment to one VNI: one VXLAN port of the bridge for each remote VTEP.
# desired state: {id, lab, bridge, vni, udpPort, local, vlan|null, remotes: [{name, address}]}
# shellcheck disable=SC2154 # the variables come out of assign, by eval

port_fields='@sh "id=\(.id) lab=\(.lab) bridge=\(.bridge) vni=\(.vni) udp=\(.udpPort) local=\(.local) vlan=\(.vlan // "") remotes=\([.remotes[] | "\(.name)=\(.address)"] | join(" "))"'

port_apply() {
  eval "$(assign "$1" "$port_fields")"
  vsctl br-exists "$bridge" || fail "bridge $bridge is not on this host: apply its OvsBridge first"
  set --
  for have in $(port_names); do
    case " $remotes" in *" $have="*) ;; *) set -- "$@" -- --if-exists del-port "$have" ;; esac
  done
  for remote in $remotes; do
    port=${remote%%=*}
    # A port of that name that sits on another bridge would be refused by --may-exist.
    at=$(vsctl --if-exists port-to-br "$port" 2>/dev/null || :)
    [ -z "$at" ] || [ "$at" = "$bridge" ] || set -- "$@" -- del-port "$port"
    # protected: a mesh of three or more loops without split horizon (ovs-vswitchd.conf.db(5), Port).
    set -- "$@" -- --may-exist add-port "$bridge" "$port" \
      -- set port "$port" protected=true tag="${vlan:-[]}" external_ids:vxlab-port="\"$id\"" \
      -- set interface "$port" type=vxlan options:remote_ip="\"${remote#*=}\"" options:local_ip="\"$local\"" \
      options:key="\"$vni\"" options:dst_port="\"$udp\"" external_ids:vxlab-port="\"$id\""
  done
  [ $# -eq 0 ] || { shift && vsctl "$@"; }
  port_check
  keep port "$id" "$json"
  port_observe "$json"
}

port_names() { vsctl --bare --no-headings --columns=name find port external_ids:vxlab-port="\"$id\""; }

# ovs-vsctl exits 0 on a tunnel that the switch refuses: only error and ofport tell.
port_check() {
  bad=$(vsctl --format=json --columns=name,ofport,error,options find interface external_ids:vxlab-port="\"$id\"" |
    jq -r '.data[] | select((.[1] | type != "number" or . < 0) or (.[2] != ["set", []] and .[2] != ""))
      | "tunnel \(.[0]) \(.[3][1] | map(join("=")) | join(" ")): \(.[2] | if type == "string" then . else "no ofport" end)"')
  [ -z "$bad" ] || fail "Open vSwitch refuses $bad"
}

port_remove() {
  eval "$(assign "$1" "$port_fields")"
  for have in $(port_names); do vsctl --if-exists del-port "$have"; done
  rm -f "$(desired port "$id")"
  leave
  printf '{}\n'
}

port_observe() {
  eval "$(assign "$1" "$port_fields")"
  vsctl --format=json --columns=name,ofport,error,options find interface external_ids:vxlab-port="\"$id\"" |
    jq -c '{tunnels: [.data[] | {name: .[0], ofport: (.[1] | if type == "number" then . else -1 end),
      error: (.[2] | if type == "string" then . else "" end), options: (.[3][1] | map({(.[0]): .[1]}) | add)}] | sort_by(.name)}'
}
