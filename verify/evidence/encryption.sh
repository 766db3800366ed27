#!/bin/sh
# encryption.sh DEVICE: what the kernel and wg say of a host's WireGuard device, and how many packets of tunnels the host guard has kept
# from leaving by another one. The private key, which begins the first line of wg's answer, stays on the host.
if [ $# -gt 0 ]; then
  echo "== encryption"
  ip -j address show dev "$1" 2>&1
  echo "== encryption-peers"
  wg show "$1" dump 2>&1 | awk -F '\t' 'NR == 1 && NF > 3 { print "own", $2, $3; next } NF > 4 { print "peer", $1, $3, $4; next } { print }'
  echo "== encryption-stopped"
  nft list chain inet vxlab_guard output 2>&1
fi
