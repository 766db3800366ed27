#!/usr/bin/env bash
# boot.sh up|again|ssh|down: boots machines from a built image in a network namespace of its own and measures.
# Not a unit test (minutes of CPU); image/README.md says what it measured at first. Nothing leaves the namespace.
#   NS=imgtest IMAGE=~/.cache/vxlab/image/golden-HASH QEMU='extra arguments' CMDLINE_MORE='words' N=1
#   boot.sh up         start N machines (192.168.10.11 and on) of IMAGE and print when each answered
#   boot.sh again I    print when machine I answers after a reboot that was just asked for
#   boot.sh ssh I CMD  run a command on machine I
#   boot.sh down       end them, remove the namespace
set -euo pipefail
NS=${NS:-imgtest}
N=${N:-1}
dir=/tmp/vxlab-$NS

address() { echo "192.168.10.$((10 + $1))"; }

on() {
  local host
  host=$(address "$1")
  shift
  ip netns exec "$NS" ssh -n -i "$dir/login" -o UserKnownHostsFile="$dir/known" -o StrictHostKeyChecking=yes \
    -o BatchMode=yes -o ConnectTimeout=5 -o LogLevel=ERROR "root@$host" "$@"
}

network() {
  ip netns list | grep -qw "$NS" && return
  ip netns add "$NS"
  ip -n "$NS" link set lo up
  ip -n "$NS" link add br0 type bridge
  ip -n "$NS" addr add 192.168.10.1/24 dev br0
  ip -n "$NS" link set br0 up
}

seed() {
  local i=$1 s=$dir/seed$1
  mkdir -p "$s"
  [ -f "$dir/login" ] || ssh-keygen -q -t ed25519 -N '' -C vxlab -f "$dir/login"
  [ -f "$dir/host$i" ] || ssh-keygen -q -t ed25519 -N '' -C '' -f "$dir/host$i"
  {
    echo '#cloud-config'
    jq -cn --arg name "kvm$i" --rawfile private "$dir/host$i" --rawfile public "$dir/host$i.pub" --rawfile login "$dir/login.pub" '
      {hostname: $name, fqdn: $name, disable_root: false, ssh_deletekeys: true,
       ssh_keys: {ed25519_private: $private, ed25519_public: ($public | rtrimstr("\n"))},
       users: [{name: "root", ssh_authorized_keys: [$login | rtrimstr("\n")]}]}'
  } >"$s/user-data"
  # 0.0.0.0/0, not "default": cloud-init 22.4 (Debian 12) refuses the word and then configures no network at all.
  jq -cn --arg mac "52:54:00:00:00:0$i" --arg address "$(address "$i")/24" '
    {version: 2, ethernets: {eth0: {match: {macaddress: $mac}, "set-name": "eth0", addresses: [$address],
     mtu: 1500, routes: [{to: "0.0.0.0/0", via: "192.168.10.1"}]}}}' >"$s/network-config"
  echo "{\"instance-id\":\"$NS-$i\",\"local-hostname\":\"kvm$i\"}" >"$s/meta-data"
  genisoimage -quiet -V cidata -J -r -o "$dir/seed$i.iso" "$s"
  grep -qs "$(address "$i") " "$dir/known" || echo "$(address "$i") $(cut -d' ' -f1,2 "$dir/host$i.pub")" >>"$dir/known"
}

machine() {
  local i=$1 boot=()
  rm -f "$dir/disk$i.qcow2"
  qemu-img create -q -f qcow2 -b "$(realpath "$IMAGE")/root.qcow2" -F qcow2 "$dir/disk$i.qcow2"
  ip -n "$NS" tuntap add "tap$i" mode tap
  ip -n "$NS" link set "tap$i" master br0 up
  [ ! -e "$IMAGE/vmlinuz" ] || boot=(-kernel "${KERNEL:-$IMAGE/vmlinuz}" -initrd "${INITRD:-$IMAGE/initrd.img}"
    -append "${CMDLINE:-$(cat "$(dirname "$0")/../../image/recipe/cmdline")} ${CMDLINE_MORE:-}")
  # shellcheck disable=SC2086 # QEMU holds several arguments
  ip netns exec "$NS" qemu-system-x86_64 -accel tcg${TCG:-} ${QEMU:--machine pc -cpu max -smp 1} -m "${MEM:-256}" \
    -nodefaults -no-user-config -display none -serial "file:$dir/console$i" -monitor "unix:$dir/monitor$i,server,nowait" \
    "${boot[@]}" \
    -drive "file=$dir/disk$i.qcow2,if=none,id=d0,cache=${CACHE:-writeback}" -device virtio-blk-pci,drive=d0 \
    -drive "file=$dir/seed$i.iso,if=none,id=d1,format=raw,readonly=on" -device virtio-blk-pci,drive=d1 \
    -netdev "tap,id=n0,ifname=tap$i,script=no,downscript=no" -device "virtio-net-pci,netdev=n0,mac=52:54:00:00:00:0$i${NIC:-}" \
    -object rng-random,filename=/dev/urandom,id=rng0 -device virtio-rng-pci,rng=rng0 \
    -pidfile "$dir/pid$i" -daemonize
}

# cpu I: seconds of CPU that machine I's QEMU has used; unlike the clock it does not depend on who else is at work here.
cpu() { awk '{ printf "%.2f", ($14 + $15) / 100 }' "/proc/$(cat "$dir/pid$1")/stat"; }

# watch I START: first TCP answer, first command answered, Open vSwitch ready.
watch() {
  local i=$1 start=$2 port ssh ovs port_cpu ssh_cpu limit=${LIMIT:-300}
  until ip netns exec "$NS" timeout 0.5 bash -c "exec 3<>/dev/tcp/$(address "$i")/22" 2>/dev/null; do
    sleep 0.05
    [ "$(($(date +%s) - ${start%.*}))" -lt "$limit" ] || { echo "machine $i: no answer in $limit s"; return 1; }
  done
  port=$(date +%s.%N) port_cpu=$(cpu "$i")
  until on "$i" true 2>/dev/null; do sleep 0.1; done
  ssh=$(date +%s.%N) ssh_cpu=$(cpu "$i")
  on "$i" '[ -d /run/systemd ] || until [ -e /run/openvswitch/ready ]; do sleep 0.1; done; ovs-vsctl --timeout=60 show >/dev/null'
  ovs=$(date +%s.%N)
  echo "$start $port $ssh $ovs $i $port_cpu $ssh_cpu $(cpu "$i")" | awk '{
    printf "machine %s: port %.2f s (cpu %s), ssh %.2f s (cpu %s), ovs %.2f s (cpu %s)\n", $5, $2-$1, $6, $3-$1, $7, $4-$1, $8 }'
}

case ${1:-} in
  up)
    : "${IMAGE:?is the folder that image/build.sh has printed}"
    mkdir -p "$dir"
    network
    for i in $(seq "$N"); do seed "$i"; done
    for i in $(seq "$N"); do
      start=$(date +%s.%N)
      machine "$i"
      [ -n "${NOWATCH:-}" ] || watch "$i" "$start" &
    done
    wait
    ;;
  again) watch "$2" "$(date +%s.%N)" ;; # after a reboot that was just asked for
  ssh) shift; on "$@" ;;
  down)
    for pid in "$dir"/pid*; do [ -f "$pid" ] && kill "$(cat "$pid")" 2>/dev/null && rm -f "$pid"; done || true
    sleep 0.3
    ip netns list | grep -qw "$NS" && ip netns delete "$NS"
    rm -f "$dir"/disk* "$dir"/monitor*
    ;;
  *) sed -n '2,8p' "$0"; exit 2 ;;
esac
