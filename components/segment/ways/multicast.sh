#!/bin/sh
# One copy of each flooded frame to an IP multicast group: the kernel's vxlan device, plugged into the bridge.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# The kernel allows 20 groups for each UDP port. As many as the plan does (multicast.ts).
GROUPS_MAX=256
GROUPS_SETTING=net/ipv4/igmp_max_memberships

# Sets: gone first
multicast_apply() {
  local device="$devices_tunnel" under made was
  under=$(underlay_device "$local" "${remotes_0_address-}")
  # What the device was made with is written on it: it goes with the device, so that after a reboot nothing is believed.
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
      fail "$device does not come up: UDP port $udpPort is in use. Open vSwitch uses it if a unicast or flow segment has the same port"
    sleep 0.5
  done
}

# Every device of the kernel that this step ever made.
multicast_drop() {
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
multicast_rest() {
  [ -e "$STATE/tuned/net,ipv4,igmp_max_memberships" ] || return 0
  case " $(kept port flooding | tr '\n' ' ') " in *" multicast "*) ;; *) untune "$GROUPS_SETTING" ;; esac
}

# Any host can join the group. Open vSwitch takes all its packets, but a device that somebody unplugs would hand them to the kernel instead.
multicast_senders() { echo any; }
multicast_inner() { echo "$devices_tunnel"; }

# Of the device: "7: vm100: <…> mtu 1450 … \    vxlan id 100 group 239.0.0.100 dev eth0 local 192.168.10.156 srcport 0 0 dstport 4789 ttl 16 …"
# Before the type, "group default" is another group.
multicast_observe() {
  { cat && { iproute -d -o link show dev "$devices_tunnel" 2>/dev/null || :; }; } | port_awk '
    function way(   word, i, k, value) {
      k = split(device, word, " ")
      for (i = 1; i < k; i++) {
        if (word[i] == "mtu") value["mtu"] = word[i + 1]
        if (word[i + 1] == "id" && !("type" in value)) value["type"] = word[i]
        if ("type" in value && !(word[i] in value)) value[word[i]] = word[i + 1]
      }
      print "text encapsulation " value["type"]
      print "word vni " value["id"]
      print "word udpPort " value["dstport"]
      print "text local " value["local"] value["local6"]
      print "tag vlan " tag[tunnel]
      print "text group " value["group"] value["group6"]
      print "word ttl " value["ttl"]
      print "word mtu " value["mtu"]
      if (!(tunnel in type)) print "text devices.tunnel"
    }
  '
}
