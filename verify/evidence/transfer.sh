#!/bin/sh
# transfer.sh serve|send TOOL PID ADDRESS PORT SECONDS BYTES: one side of a TCP transfer with iperf3 or busybox nc, in the network namespace
# of a process (0: the host's own). iperf3 sends for SECONDS, nc sends BYTES. verify/evidence/measure.ts reads it.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # as in begin.sh
side=$1
tool=$2
pid=$3
to=$4
port=$5
most=$(($6 + 60))

inside() { if [ "$pid" = 0 ]; then "$@"; else nsenter -t "$pid" -n "$@"; fi; }
uptime() { cut -d ' ' -f 1 /proc/uptime; }

case $side,$tool in
  # The line on stderr is the signal for the other side to begin.
  serve,iperf3) inside timeout "$most" iperf3 -s -1 -p "$port" --forceflush </dev/null >&2 ;;
  serve,nc)
    inside timeout "$most" busybox nc -l -p "$port" </dev/null >/dev/null &
    sleep 1
    echo "Server listening" >&2
    wait
    ;;
  send,iperf3)
    echo "== iperf3"
    inside timeout "$most" iperf3 -J -c "$to" -p "$port" -t "$6" 2>&1
    ;;
  send,nc)
    begun=$(uptime)
    head -c "$7" /dev/zero | inside timeout "$most" busybox nc -w 9 "$to" "$port" >/dev/null 2>&1 && echo "== nc $7 $begun $(uptime)"
    ;;
esac
