#!/bin/sh
# tcpdump.sh SECONDS ARGUMENT…: tcpdump that ends when its standard input does, so that nothing is left running on a host after the
# connection has ended. SECONDS: longest time, 0 for none.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's PATH may lack the sbin folders
seconds=$1
shift
# Background jobs have no standard input of their own (POSIX, 2.9.3.1), so it is kept as descriptor 3.
exec 3<&0
tcpdump "$@" </dev/null 3<&- &
tcpdump=$!
# The time limit is on the wait, not on tcpdump: if timeout(1) is killed at the moment of its fork, its child keeps running. If tcpdump ends
# first, this job ends with the standard input.
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
