#!/bin/sh
# probe.sh BRIDGE "SERVICE…" [CONTAINER…]: what a host looks like now, in sections that cli/verify/parse.ts reads. Changes
# nothing and takes no lock. The switch and the kernel are asked rather than the guest tools, whose work is to be proven; the
# tools are asked only for drift (guest/drift.sh). SERVICE is an interface of the host, CONTAINER an LXC container or docker/NAME.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's own may leave out sbin
bridge=$1
services=$2
shift 2
state=/var/lib/vxlab
echo "== ovs"
# One process for three tables: each costs 50 ms under emulation. With --timeout, since it would wait for ever.
ovs-vsctl --timeout=10 --format=json --columns=_uuid,name,protected,tag,trunks,vlan_mode,external_ids list port \
  -- --columns=name,ofport,error,options,statistics list interface -- --columns=name,ports,external_ids list bridge 2>&1
echo "== bridge"
ip -j address show dev "$bridge" 2>&1
echo "== vxlan"
ip -j -d link show type vxlan 2>&1
for name in $services; do
  echo "== service $name"
  ip -j address show dev "$name" 2>&1
done

# Files of desired state: KIND STEP LAB, then what tells the thing from others of its kind. A file that was cut short is none.
echo "== kept"
awk 'function first(key,   text) {
    if (!match($0, "\"" key "\":\"?[^\",}]*")) return "-"
    text = substr($0, RSTART, RLENGTH)
    sub(/^"[^"]*":"?/, "", text)
    return text
  }
  FNR == 1 && /^\{.*\}$/ {
    kind = FILENAME
    sub(/.*\//, "", kind)
    sub(/-.*/, "", kind)
    print kind, first("id"), first("lab"), first(kind == "port" ? "vni" : kind == "service" ? "device" : "name")
  }' "$state"/desired/*-*.json 2>/dev/null

# Every container that runs, whoever started it: KIND NAME STATE PID, and a Docker container's step.
echo "== boxes"
for name in /sys/fs/cgroup/lxc.payload.*; do
  [ ! -d "$name" ] || echo "lxc ${name#*lxc.payload.} RUNNING -"
done
docker=
case " $* " in *" docker/"*) docker=wanted ;; esac
if [ -n "$docker" ] || [ -S /run/docker.sock ]; then
  docker=$(docker ps -aq 2>/dev/null)
  # One process for all: it costs half a second under emulation. Unquoted, to be split into words.
  # shellcheck disable=SC2086
  [ -z "$docker" ] || docker=$(docker inspect -f 'docker {{.Name}} {{.State.Status}} {{.State.Pid}} {{index .Config.Labels "vxlab-container"}}' $docker 2>/dev/null |
    sed 's,^docker /,docker ,; s/ running / RUNNING /')
  printf '%s\n' "$docker"
fi

# docked NAME: state and pid of a Docker container of ours.
docked() {
  status=ABSENT pid=0
  while read -r _ name now number _; do
    [ "$name" != "vxlab-$1" ] || status=$now pid=$number
  done <<FOUND
$docker
FOUND
}

for box in "$@"; do
  case $box in
    docker/*)
      box=${box#docker/}
      docked "$box"
      ;;
    *)
      # Two lines, "State: RUNNING" and, when it runs, "PID: 123".
      read -r _ status _ pid <<FOUND
$(lxc-info -P "$state/containers" -n "$box" -s -p -H 2>/dev/null | tr '\n' ' ')
FOUND
      : "${status:=ABSENT}" "${pid:=0}"
      ;;
  esac
  echo "== container $box $status $pid"
  [ "$pid" = 0 ] || nsenter -t "$pid" -n ip -j address show 2>&1
done

found=$(/usr/lib/vxlab/guest drift 2>&1)
echo "== drift $?"
printf '%s\n' "$found"
exit 0
