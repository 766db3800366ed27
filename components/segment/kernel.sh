#!/bin/sh
# The kernel's VXLAN device, one port for all other hosts: shared by the ways to flood that have one (multicast, evpn). Its alias holds the
# values that it was made with: the alias disappears with the device, so it is never out of date after a reboot.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# kernel_up: device comes up. Open vSwitch takes a moment to release a UDP port after its last tunnel was removed.
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

# stdin, followed by the device's actual state, for kernel() of observe.awk.
kernel_seen() {
  cat
  iproute -d -o link show dev "$devices_tunnel" 2>/dev/null || :
}
