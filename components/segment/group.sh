#!/bin/sh
# A port of a multicast segment: the kernel's vxlan device, plugged into the bridge (guest.sh).
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# The kernel allows 20 groups for each UDP port. As many as the plan does (check-flooding.ts).
GROUPS_MAX=256
GROUPS_SETTING=net/ipv4/igmp_max_memberships

# Sets: gone first
port_multicast() {
  local device="$devices_tunnel" under made was
  under=$(underlay_device "$local" "${remotes_0_address-}")
  # What the device was made with is written on it: it goes with the device, so that after a reboot nothing is believed.
  made="vxlab $id $vni $group $under $local $ttl $udpPort"
  port_gone " $device "
  was=$(cat "$NET/$device/ifalias" 2>/dev/null) || :
  if [ "$was" != "$made" ]; then
    case $was in "" | "vxlab $id "*) ;; *) fail "$device is not this lab's ($was). Nothing was changed here: write another vni" ;; esac
    gone="$gone -- --if-exists del-port $device"
    eval "vsctl ${gone# -- }"
    gone=
    [ -z "$was" ] || first=false
    group_drop
    group_device
  fi
  ip link set dev "$device" mtu "$mtu" up
  eval "set -- $gone"
  vsctl --may-exist add-port "$bridge" "$device" \
    -- set port "$device" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$device" external_ids:vxlab-port="\"$id\"" "$@"
}

group_device() {
  local tries=10
  [ "$(cat "$SYSCTL/$GROUPS_SETTING")" -ge "$GROUPS_MAX" ] || tune "$GROUPS_SETTING" "$GROUPS_MAX"
  iproute link add "$device" type "$encapsulation" id "$vni" group "$group" dev "$under" local "$local" ttl "$ttl" dstport "$udpPort"
  iproute link set dev "$device" alias "$made"
  # The host has no place in the segment by this: no address, no solicitations of its own.
  no_ipv6 "$device" ""
  # Open vSwitch takes a moment to give up a UDP port whose last tunnel is gone.
  until ip link set dev "$device" up 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] ||
      fail "$device does not come up: UDP port $udpPort is in use, by Open vSwitch when unicast or flow segments have it too"
    sleep 0.5
  done
}

# Every device of the kernel that this step ever made.
group_drop() {
  local files file device
  ! "${first:-false}" || return 0
  files=$(grep -ls "^vxlab $id " "$NET"/*/ifalias) || :
  for file in $files; do
    device=${file%/ifalias}
    device=${device##*/}
    vsctl --if-exists del-port "$device"
    ip link del dev "$device"
  done
}

# Without a group on the host the kernel's limit is what it was.
group_rest() {
  [ -e "$STATE/tuned/net,ipv4,igmp_max_memberships" ] || return 0
  case " $(kept port flooding | tr '\n' ' ') " in *" multicast "*) ;; *) untune "$GROUPS_SETTING" ;; esac
}
