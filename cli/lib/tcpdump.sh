#!/bin/sh
# tcpdump.sh SECONDS ARGUMENT…: tcpdump that ends when its standard input does, so that nothing is left running on a
# host whose visitor has gone. SECONDS: longest time, 0 for none.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's own may leave out sbin
seconds=$1
shift
# Background jobs have no standard input of their own (POSIX, 2.9.3.1), so it is kept as descriptor 3.
exec 3<&0
timeout "$seconds" tcpdump "$@" </dev/null 3<&- &
tcpdump=$!
{ while read -r _ <&3; do :; done; kill "$tcpdump"; } >/dev/null 2>&1 &
reader=$!
wait "$tcpdump"
status=$?
kill "$reader" 2>/dev/null
# 124: the time is up, which is what was asked for.
[ "$status" -ne 124 ] || status=0
exit "$status"
