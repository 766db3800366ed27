#!/bin/sh
# probe.sh BRIDGE [CONTAINER…]: what a host looks like now, in sections that cli/verify/parse.ts reads. Changes nothing,
# takes no lock, and asks the switch and the kernel rather than the guest tools, whose work is what is to be proven.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's own may leave out sbin
bridge=$1
shift
echo "== ovs"
# One process for both tables: each costs 50 ms under emulation. With --timeout, since it would wait for ever.
ovs-vsctl --timeout=10 --format=json --columns=name,protected,tag,trunks list port \
  -- --columns=name,ofport,error,options list interface 2>&1
echo "== bridge"
ip -j address show dev "$bridge" 2>&1
for name in "$@"; do
  info=$(lxc-info -P /var/lib/vxlab/containers -n "$name" -s -p -H 2>/dev/null)
  # Unquoted, to be split into words: "State: RUNNING", and when it runs "PID: 123".
  # shellcheck disable=SC2086
  set -- $info
  echo "== container $name ${2:-ABSENT} ${4:-0}"
  [ -z "${4:-}" ] || nsenter -t "$4" -n ip -j address show dev eth0 2>&1
done
exit 0
