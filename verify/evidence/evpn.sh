#!/bin/sh
# evpn.sh [TUNNEL PORT ENTRIES]...: BGP sessions, and what the kernel has of each segment with EVPN. Where it has fewer entries than
# ENTRIES, BGP may still be converging: it is asked again for up to eight seconds.
tries=8
echo "== sessions"
ss -Htn state established '( sport = :179 or dport = :179 )' 2>&1
while [ $# -gt 2 ]; do
  until [ "$(bridge fdb show dev "$1" 2>/dev/null | grep -c ' dst .* self')" -ge "$3" ] || [ "$tries" = 0 ]; do
    tries=$((tries - 1))
    sleep 1
  done
  echo "== fdb $1"
  bridge fdb show dev "$1" 2>&1
  echo "== own $1"
  bridge fdb show dev "$2" 2>&1
  shift 3
done
