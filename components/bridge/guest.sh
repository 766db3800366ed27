#!/bin/sh
# An Open vSwitch bridge with its own interface. Desired state: components/bridge/thing.ts.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

UNIT=/etc/systemd/system/vxlab.service
FLOWS_UNIT=/etc/systemd/system/ovs-vswitchd.service.d/vxlab.conf

bridge_apply() {
  # install.sh takes no lock: since it ran, another lab's last step may have removed the tools.
  [ -e "$TOOLS/guest" ] || fail "while this step waited, another lab's down removed the guest tools from this host. Nothing was changed: run up again"
  [ "${was_name-}" = "$name" ] || bridge_free "$name"
  [ -z "${repair-}" ] || bridge_switch
  [ "${was_name:-$name}" = "$name" ] || vsctl --if-exists del-br "$was_name"
  guard_apply bridge
  modules_by_name
  # hwaddr first: without it the bridge takes the lowest MAC of its ports and changes with them.
  vsctl --may-exist add-br "$name" \
    -- set bridge "$name" fail_mode=secure other_config:hwaddr="\"$mac\"" external_ids:vxlab="\"$lab\"" \
    -- set port "$name" tag=0 -- set interface "$name" mtu_request="$mtu"
  no_ipv6 "$name" "$address"
  security_again "$name"
  [ -z "${was_name-}" ] || bridge_mend
  only_addresses "$name" "$address"
  ip link set dev "$name" up
  boot_unit
  made bridge "$UNIT" "$FLOWS_UNIT" "$SYSCTL/kernel/modprobe"
  keep bridge
  ways stations
  answer
}

# Starts Open vSwitch, which somebody may have stopped: otherwise each question to it would take its whole time limit.
bridge_switch() {
  if [ -d /run/systemd/system ]; then
    systemctl start openvswitch-switch || fail "Open vSwitch does not start on this host: see systemctl status openvswitch-switch"
    return
  fi
  ovsdb-client --timeout=20 list-dbs unix:"${VXLAB_OVS:-/run/openvswitch/db.sock}" >/dev/null 2>&1 ||
    fail "Open vSwitch does not run on this host: start ovsdb-server and ovs-vswitchd there, then run up again"
}

# Repairs what somebody changed by hand or older guest tools left: flows without a cookie (vxlab's have one), and IPv6 that is on for
# interfaces whose own steps do not run now.
bridge_mend() {
  ovs-ofctl del-flows "$name" table=0,cookie=0/-1
  [ -z "${repair-}" ] || security_strays "$name"
  guard_ipv6 no_ipv6
}

# When a program names a network device that does not exist, the kernel runs modprobe for two modules, netdev-NAME and NAME (dev_load in
# net/core/dev_ioctl.c). Open vSwitch does that twice for a new bridge, and LXC for each veth; each modprobe takes 40 ms under emulation. On
# our own image a shell script replaces modprobe: it answers that there is nothing to load, unless a module has that alias.
modules_by_name() {
  [ -d "$TOOLS-init" ] || return 0
  [ -e "$TOOLS/modprobe" ] || {
    { echo '#!/bin/busybox sh' && cat; } >"$TOOLS/modprobe.new" <<'MODPROBE'
case $3 in netdev-*) grep -qs "^alias $3 " /lib/modules/*/modules.alias || exit 0 ;; esac
exec /sbin/modprobe "$@"
MODPROBE
    chmod 755 "$TOOLS/modprobe.new"
    mv "$TOOLS/modprobe.new" "$TOOLS/modprobe"
  }
  tune kernel/modprobe "$TOOLS/modprobe"
}

bridge_remove() {
  case $(bridge_owner "$name") in *"vxlab=$lab"*) vsctl --if-exists del-br "$name" ;; esac
  forget bridge
  guard_apply
  leave
  answer
}

# bridge_owner NAME: prints the bridge's name and external_ids; nothing if it does not exist.
bridge_owner() { vsctl --bare --no-headings --columns=name,external_ids find bridge name="$1"; }

# bridge_free NAME: fails, before anything is changed, if the bridge is not this lab's: it is never taken over, and so never removed.
bridge_free() {
  local whose
  # Our own image has no other owner, and asking Open vSwitch takes 0.15 s under emulation.
  if [ -d "$TOOLS-init" ] && [ ! -e "$NET/$1" ]; then return 0; fi
  case $(bridge_owner "$1") in
    "")
      [ -e "$NET/$1" ] || return 0
      whose="an interface of this host"
      ;;
    *"vxlab=$lab"*) return 0 ;;
    *vxlab=*) whose="another lab's bridge (if that lab no longer exists, delete the bridge: ovs-vsctl del-br $1)" ;;
    *) whose="somebody else's bridge" ;;
  esac
  leave
  fail "$1 is $whose, so it was not changed: set another name (hosts.<name>.bridge), or another VNI for bf…"
}

bridge_observe() {
  [ -e "$NET/$name" ] || { absent && return; }
  bridge_found | observed
}

# Starts as few programs as it can: guest drift calls it alone.
bridge_found() {
  local guarded=false value have
  [ -e "$NET/$name" ] || { echo gone && return; }
  device_down "$name"
  read -r value <"$NET/$name/address"
  echo "text mac $value"
  read -r value <"$NET/$name/mtu"
  echo "word mtu $value"
  addresses_of "$name"
  echo "text address $have"
  # guard_drift reports what is wrong with the guard.
  [ -z "${looked-}" ] || return 0
  case $(guard_listing) in *"\"$name\""*) guarded=true ;; esac
  echo "word guard $guarded"
}

# Hosts with systemd get a unit; our own image starts "guest boot" from its inittab.
boot_unit() {
  local unit
  [ -d /run/systemd/system ] || return 0
  unit=$(boot_unit_text)
  [ "$unit" != "$(cat "$UNIT" 2>/dev/null)" ] || [ ! -e "$FLOWS_UNIT" ] || return 0
  # ovs-vswitchd keeps flows in memory only: whenever it restarts, they are set again.
  mkdir -p "${FLOWS_UNIT%/*}"
  printf '[Service]\nExecStartPost=-%s/guest flows\n' "$TOOLS" >"$FLOWS_UNIT"
  printf '%s\n' "$unit" >"$UNIT"
  systemctl daemon-reload
  systemctl --quiet enable vxlab.service
}

# network-online.target (systemd.special(7)): gateways and multicast need the VTEP's address and routes. KillMode: the containers must
# outlive the service that started them.
boot_unit_text() {
  cat <<UNIT
[Unit]
Description=vxlab: bridges, tunnels and containers of this host
After=openvswitch-switch.service network.target network-online.target
Wants=openvswitch-switch.service network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$TOOLS/guest boot
KillMode=process
[Install]
WantedBy=multi-user.target
UNIT
}

# When the last thing of all labs is removed, so are the tools, and the host is as it was before.
leave() {
  [ -z "$(ls "$STATE/desired" 2>/dev/null)" ] || return 0
  untune
  guard_leave
  if [ -e "$UNIT" ]; then
    systemctl --quiet disable vxlab.service || :
    rm -f "$UNIT" "$FLOWS_UNIT"
    rmdir "${FLOWS_UNIT%/*}" 2>/dev/null || :
    systemctl daemon-reload
  fi
  # LXC never deletes the lock files of removed containers; they are in a folder named after its path.
  rm -rf "$STATE" "$TOOLS" "/run/lxc/lock$STATE"
  (cd /run && rmdir -p "lxc/lock${STATE%/*}") 2>/dev/null || :
}
