#!/bin/sh
# measure.sh PID ADDRESS COLD WARM: MTU and round trips to an address, from the network namespace of a process (0: the host's own). Cold:
# COLD pings, each after the neighbour entry was deleted; warm: WARM pings in a row. verify/evidence/measure.ts reads it.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # as in begin.sh
pid=$1
to=$2

inside() { if [ "$pid" = 0 ]; then "$@"; else nsenter -t "$pid" -n "$@"; fi; }
found() { sed -n "s/.* time=\([0-9.]*\) ms.*/$1 \1/p"; }

device=$(inside ip -o route get "$to" | sed -n 's/.* dev \([^ ]*\).*/\1/p')
mtu=$(inside ip -o link show dev "$device" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')
case $to in *:*) header=48 ;; *) header=28 ;; esac
echo "== measured"
echo "mtu $mtu"
inside ping -n -c 1 -w 9 -M "do" -s $((mtu - header)) "$to" >/dev/null 2>&1 && echo "fits $mtu"
asked=0
while [ "$asked" -lt "$3" ]; do
  asked=$((asked + 1))
  inside ip neigh flush to "$to" dev "$device" 2>/dev/null
  inside ping -n -c 1 -W 9 "$to" 2>&1 | found cold
done
inside ping -n -c "$4" -i 0.2 -W 9 "$to" 2>&1 | found warm
