#!/bin/sh
# links.sh BRIDGE SERVICE…: the bridge's own interface, its VXLAN devices and services' interfaces, from the kernel.
echo "== bridge"
ip -j address show dev "$1" 2>&1
shift
echo "== vxlan"
ip -j -d link show type vxlan 2>&1
for name in "$@"; do
  echo "== service $name"
  ip -j address show dev "$name" 2>&1
done
