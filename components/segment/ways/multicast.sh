#!/bin/sh
# One copy of each flooded frame to an IP multicast group: the kernel's vxlan device, plugged into the bridge.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# The kernel's default limit is 20 groups for each UDP port.
GROUPS_MAX=@MAX_GROUPS@
GROUPS_SETTING=net/ipv4/igmp_max_memberships

# Sets: gone first
multicast_apply() {
  local device="$devices_tunnel" under made was
  under=$(underlay_device "$local" "${remotes_0_address-}")
  made="vxlab $id $vni $group $under $local $ttl $udpPort"
  port_clear " $device "
  was=$(cat "$NET/$device/ifalias" 2>/dev/null) || :
  if [ "$was" != "$made" ]; then
    case $was in "" | "vxlab $id "*) ;; *) fail "$device is not this lab's ($was). Nothing was changed: set another vni" ;; esac
    gone="$gone -- --if-exists del-port $device"
    eval "vsctl ${gone# -- }"
    gone=
    [ -z "$was" ] || first=false
    multicast_drop
    multicast_device
  fi
  ip link set dev "$device" mtu "$mtu" up
  eval "set -- $gone"
  vsctl --may-exist add-port "$bridge" "$device" \
    -- set port "$device" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$device" external_ids:vxlab-port="\"$id\"" "$@"
}

multicast_device() {
  [ "$(cat "$SYSCTL/$GROUPS_SETTING")" -ge "$GROUPS_MAX" ] || tune "$GROUPS_SETTING" "$GROUPS_MAX"
  iproute link add "$device" type "$encapsulation" id "$vni" group "$group" dev "$under" local "$local" ttl "$ttl" dstport "$udpPort"
  iproute link set dev "$device" alias "$made"
  # The host itself must not be in the segment: the device has no address, and sends no solicitations.
  no_ipv6 "$device" ""
  kernel_up
}

# Every device of the kernel that this step ever made.
multicast_drop() {
  local device
  ! "${first:-false}" || return 0
  for device in $(kernel_made vxlab); do
    vsctl --if-exists del-port "$device"
    ip link del dev "$device"
  done
}

# Once the host has no group, the kernel's limit gets its previous value.
multicast_rest() {
  [ -e "$STATE/tuned/net,ipv4,igmp_max_memberships" ] || return 0
  case " $(kept port flooding | tr '\n' ' ') " in *" multicast "*) ;; *) untune "$GROUPS_SETTING" ;; esac
}

# Any host can send to the group. Open vSwitch takes all packets of the device, but once the device is off the bridge they would reach the
# host's kernel.
multicast_senders() { echo any; }
multicast_inner() { echo "$devices_tunnel"; }

multicast_observe() {
  kernel_seen | port_awk '
    function way() {
      kernel()
      print "tag vlan " tag[tunnel]
      print "text group " value["group"] value["group6"]
      print "word ttl " value["ttl"]
      if (!(tunnel in type)) print "text devices.tunnel"
    }
  '
}
