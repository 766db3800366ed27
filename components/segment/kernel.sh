#!/bin/sh
# The kernel's VXLAN device, by which one port leads to all other hosts: what the ways that have one (multicast, evpn) share. What it was
# made with is written on it, as its alias: it disappears with the device, so that it is not trusted after a reboot.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# kernel_up: device comes up. Open vSwitch takes a moment to give up a UDP port whose last tunnel is gone.
kernel_up() {
  local tries=10
  until ip link set dev "$device" up 2>/dev/null; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] ||
      fail "$device does not come up: UDP port $udpPort is in use. Open vSwitch uses it if a unicast or flow segment has the same port"
    sleep 0.5
  done
}

# kernel_made WORD: every device that this step ever made, by the first word of its alias.
kernel_made() {
  local file
  grep -ls "^$1 $id " "$NET"/*/ifalias | while read -r file; do
    file=${file%/ifalias}
    echo "${file##*/}"
  done
}

# stdin, and what there is of the device, for kernel() of observe.awk.
kernel_seen() {
  cat
  iproute -d -o link show dev "$devices_tunnel" 2>/dev/null || :
}
