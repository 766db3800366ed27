#!/bin/sh
# An Open vSwitch bridge with its own interface.
# desired state: {id, lab, name, mac, mtu, address|null}
# shellcheck disable=SC2034,SC2154 # the variables come out of assign, by eval

FLOWS_UNIT=/etc/systemd/system/ovs-vswitchd.service.d/vxlab.conf

bridge_apply() {
  id_of "$1"
  eval "$(assign "$1" "$(desired bridge "$id")")"
  [ "${was_name-}" = "$name" ] || bridge_free "$name"
  [ "${was_name:-$name}" = "$name" ] || vsctl --if-exists del-br "$was_name"
  # hwaddr first: without it the bridge takes the lowest MAC of its ports and changes with them.
  vsctl --may-exist add-br "$name" \
    -- set bridge "$name" other_config:hwaddr="\"$mac\"" external_ids:vxlab="\"$lab\"" \
    -- set port "$name" tag=0 -- set interface "$name" mtu_request="$mtu"
  [ -z "${was_name-}" ] || bridge_flows
  only_addresses "$name" "$address"
  ip link set dev "$name" up
  boot_unit
  keep bridge "$id" "$1"
  bridge_found
}

# On a bridge that was there: what drift finds in its flows goes, all at once. Flows with a cookie are somebody's of ours.
bridge_flows() {
  about=
  case $(flows_of_bridge "$name") in *"nobody planned"* | *"is missing"*) ;; *) return 0 ;; esac
  printf 'delete cookie=0/-1\nadd priority=0 actions=NORMAL\n' | ovs-ofctl --bundle add-flows "$name" -
}

bridge_remove() {
  id_of "$1"
  # As it was sent, the desired state ends with the tools (host/install.sh): to read those takes half a minute under emulation.
  bare=${1%%',"tools":{'*}
  [ "$bare" = "$1" ] || bare="$bare}"
  eval "$(assign "$bare")"
  case $(bridge_owner "$name") in *"vxlab=$lab"*) vsctl --if-exists del-br "$name" ;; esac
  rm -f "$(desired bridge "$id")"
  leave
  printf '{}\n'
}

# bridge_owner NAME: nothing, or the bridge's name and external_ids.
bridge_owner() { vsctl --bare --no-headings --columns=name,external_ids find bridge name="$1"; }

# bridge_free NAME: what is not this lab's is never taken over, and so never taken away; before anything is changed.
bridge_free() {
  # On our own image there is nobody else: asking Open vSwitch takes 0.15 s there, under emulation.
  if [ -d "$TOOLS-init" ] && [ ! -e "$NET/$1" ]; then return 0; fi
  case $(bridge_owner "$1") in
    "")
      [ -e "$NET/$1" ] || return 0
      whose="an interface of this host"
      ;;
    *"vxlab=$lab"*) return 0 ;;
    *vxlab=*) whose="another lab's bridge (if that is no more, take it away: ovs-vsctl del-br $1)" ;;
    *) whose="somebody else's bridge" ;;
  esac
  leave
  fail "$1 is $whose. It is left as it is: the lab needs another name (hosts.<name>.bridge), or another VNI for bf…"
}

bridge_observe() {
  eval "$(assign "$1")"
  if vsctl br-exists "$name"; then bridge_found; else printf '{"exists":false}\n'; fi
}

bridge_found() {
  printf '{"exists":true,"mac":"%s","mtu":%s,"address":"%s"}\n' \
    "$(cat "$NET/$name/address")" "$(cat "$NET/$name/mtu")" \
    "$(ip -o -4 address show dev "$name" | awk '{print $4}')"
}

# Hosts with systemd get a unit; our own image starts "guest boot" from its inittab.
boot_unit() {
  [ -d /run/systemd/system ] || return 0
  [ ! -e "$FLOWS_UNIT" ] || return 0
  # Flows are nowhere but in the process that holds them: whenever it starts again, they are brought back.
  mkdir -p "${FLOWS_UNIT%/*}"
  printf '[Service]\nExecStartPost=-%s/guest flows\n' "$TOOLS" >"$FLOWS_UNIT"
  # KillMode: the containers outlive the service that started them.
  cat >/etc/systemd/system/vxlab.service <<UNIT
[Unit]
Description=vxlab: bridges, tunnels and containers of this host
After=openvswitch-switch.service network.target
Wants=openvswitch-switch.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$TOOLS/guest boot
KillMode=process
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl --quiet enable vxlab.service
}

# The last thing to go takes the tools with it, and leaves the host as it was.
leave() {
  [ -z "$(ls "$STATE/desired" 2>/dev/null)" ] || return 0
  untune
  if [ -e /etc/systemd/system/vxlab.service ]; then
    systemctl --quiet disable vxlab.service || :
    rm -f /etc/systemd/system/vxlab.service "$FLOWS_UNIT"
    rmdir "${FLOWS_UNIT%/*}" 2>/dev/null || :
    systemctl daemon-reload
  fi
  # LXC keeps a lock file for each container that ever was, in folders of its own path.
  rm -rf "$STATE" "$TOOLS" "/run/lxc/lock$STATE"
  (cd /run && rmdir -p "lxc/lock${STATE%/*}") 2>/dev/null || :
}
