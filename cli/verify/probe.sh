#!/bin/sh
# probe.sh BRIDGE "SERVICE…" [CONTAINER…]: what a host looks like now, in sections that cli/verify/parse.ts reads. Changes
# nothing, takes no lock, and asks the switch and the kernel rather than the guest tools, whose work is what is to be
# proven. SERVICE is an interface of the host, CONTAINER one of LXC's or docker/NAME (guest/docker.sh).
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's own may leave out sbin
bridge=$1
services=$2
shift 2
echo "== ovs"
# One process for both tables: each costs 50 ms under emulation. With --timeout, since it would wait for ever.
ovs-vsctl --timeout=10 --format=json --columns=name,protected,tag,trunks list port \
  -- --columns=name,ofport,error,options list interface 2>&1
echo "== bridge"
ip -j address show dev "$bridge" 2>&1
echo "== vxlan"
ip -j -d link show type vxlan 2>&1
for name in $services; do
  echo "== service $name"
  ip -j address show dev "$name" 2>&1
done
for name in "$@"; do
  case $name in
    docker/*)
      name=${name#docker/}
      info=$(docker inspect -f 'State: {{.State.Status}} PID: {{.State.Pid}}' "vxlab-$name" 2>/dev/null | sed 's/running/RUNNING/')
      ;;
    *) info=$(lxc-info -P /var/lib/vxlab/containers -n "$name" -s -p -H 2>/dev/null) ;;
  esac
  # Unquoted, to be split into words: "State: RUNNING", and when it runs "PID: 123".
  # shellcheck disable=SC2086
  set -- $info
  pid=${4:-0}
  echo "== container $name ${2:-ABSENT} $pid"
  [ "$pid" = 0 ] || nsenter -t "$pid" -n ip -j address show 2>&1
done
exit 0
