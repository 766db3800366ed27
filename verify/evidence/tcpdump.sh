#!/bin/sh
# tcpdump.sh SECONDS ARGUMENT…: tcpdump that ends when its standard input does, so that nothing is left running on a
# host whose visitor has gone. SECONDS: longest time, 0 for none.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's own may leave out sbin
seconds=$1
shift
# Background jobs have no standard input of their own (POSIX, 2.9.3.1), so it is kept as descriptor 3.
exec 3<&0
tcpdump "$@" </dev/null 3<&- &
tcpdump=$!
# The limit is on the waiting and not on tcpdump: a timeout(1) that is told to end in the moment of its fork forgets
# its child. What is left of this job when tcpdump ends first goes with the standard input.
{
  timeout "$seconds" cat <&3
  kill "$tcpdump"
} >/dev/null 2>&1 &
waiter=$!
wait "$tcpdump"
status=$?
kill "$waiter" 2>/dev/null
# 143: told to end before it had begun.
[ "$status" -ne 143 ] || status=0
exit "$status"
