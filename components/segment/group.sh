#!/bin/sh
# A port of a multicast segment: the kernel's vxlan device vm<VNI>, plugged into the bridge (port.sh).
# shellcheck disable=SC2154 # the variables come out of assign, by eval

# The kernel allows 20 groups for each UDP port. As many as the plan does (components/segment/check-flooding.ts).
GROUPS_MAX=256

port_multicast() {
  device=vm$vni
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
  [ "$(cat "$SYSCTL/net/ipv4/igmp_max_memberships")" -ge "$GROUPS_MAX" ] || tune net/ipv4/igmp_max_memberships "$GROUPS_MAX"
  iproute link add "$device" type vxlan id "$vni" group "$group" dev "$under" local "$local" ttl "$ttl" dstport "$udpPort"
  iproute link set dev "$device" alias "$made"
  # The host has no place in the segment by this: no address, no solicitations of its own.
  no_ipv6 "$device" ""
  # Open vSwitch takes a moment to give up a UDP port whose last tunnel is gone.
  tries=10
  until ip link set dev "$device" up 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] ||
      fail "$device does not come up: UDP port $udpPort is in use, by Open vSwitch when unicast or flow segments have it too"
    sleep 0.5
  done
}

# Every device of the kernel that this step ever made.
group_drop() {
  for file in "$NET"/vm*/ifalias; do
    [ -e "$file" ] || continue
    case $(cat "$file") in "vxlab $id "*) ;; *) continue ;; esac
    file=${file%/ifalias}
    vsctl --if-exists del-port "${file##*/}"
    ip link del dev "${file##*/}"
  done
}

# Without a group on the host the kernel's limit is what it was.
group_rest() {
  grep -qs '"flooding":"multicast"' "$STATE"/desired/port-*.json || untune net/ipv4/igmp_max_memberships
}
