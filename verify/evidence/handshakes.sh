#!/bin/sh
# handshakes.sh DEVICE ADDRESS…: pings these peers through the tunnel, all at once, then the age in seconds of the last handshake with each
# peer of the device, - for none.
if [ $# -gt 0 ]; then
  device=$1
  shift
  for peer in "$@"; do
    ping -c 2 -W 3 "$peer" >/dev/null 2>&1 &
  done
  wait
  echo "== handshakes"
  now=$(date +%s)
  wg show "$device" latest-handshakes 2>&1 |
    awk -F '\t' -v now="$now" 'NF == 2 { print $1, ($2 == 0 ? "-" : now - $2); next } { print }'
fi
