#!/bin/sh
# queues.sh DEVICE…: packets that the queue of each impairment has passed on and lost since it was last changed (components/impairment/guest.sh).
tc=$(command -v /usr/sbin/tc || command -v /sbin/tc || echo tc)
for device in "$@"; do
  echo "== queue $device"
  read -r sent lost 2>/dev/null <"/var/lib/vxlab/impaired/$device.since" || sent=0 lost=0
  "$tc" -s qdisc show dev "$device" 2>&1 | awk -v sent="$sent" -v lost="$lost" '
    $1 == "Sent" { sub(/,$/, "", $7); print "counted", $4 - sent, $7 - lost; found = 1; exit }
    { last = $0 }
    END { if (!found) print last }'
done
