#!/usr/bin/env bash
# The reference lab by hand: virsh and ssh, no Pulumi, the same image, machine and steps as the recipe of 2016. Run by time-to-ping inside
# the lab's network namespace. Hosts are set up in parallel, as an experienced user would do it; ends after the first ping from the first
# container to the last.
#   by-hand.sh VIRSH_URI IMAGE_JSON WORK_DIR [HOSTS [same]]
# IMAGE_JSON: what image/build.sh prints; HOSTS: default 2; same: the machine type is vxlab's, else libvirt's default.
set -euo pipefail
uri=$1 image=$2 work=$3 count=${4:-2} kind=${5:-plain}
name=byhand
readonly name
hosts=()
declare -A address=() bridge=() box=() boxip=() mac=()
for ((n = 1; n <= count; n++)); do
  hosts+=("kvm$n")
  address[kvm$n]=192.168.10.$((n + 1))
  bridge[kvm$n]=10.1.2.$((n + 9))/24
  box[kvm$n]=c$n
  boxip[kvm$n]=10.0.3.$((n + 9))/24
  mac[kvm$n]=52:54:00:00:00:$(printf %02x "$n")
done
last=${boxip[kvm$count]%/*}

v() { virsh -q -c "$uri" "$@"; }
file() { jq -r ".$1" <<<"$image"; }

# Milliseconds, from microseconds since the epoch.
now() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
phase() { printf '%5d ms  %s\n' $(($(now) - start)) "$1"; }
start=$(now)

upload() {
  local source size
  source=$(file "$1")
  size=$(qemu-img info --output=json "$source" | jq '."virtual-size"')
  v vol-create-as $name-pool "$name-$1" "$size" --format "$2"
  v vol-upload --pool $name-pool "$name-$1" "$source"
}

seed() {
  local host=$1 dir=$work/$1
  mkdir -p "$dir"
  jq -nc --arg host "$host" --rawfile private "$work/hostkey" --rawfile public "$work/hostkey.pub" --rawfile login "$work/login.pub" \
    '{hostname: $host, ssh_keys: {ed25519_private: $private, ed25519_public: $public}, users: [{name: "root", ssh_authorized_keys: [$login]}]}' |
    { echo '#cloud-config' && cat; } >"$dir/user-data"
  echo '{}' >"$dir/meta-data"
  jq -nc --arg mac "${mac[$host]}" --arg address "${address[$host]}/24" \
    '{version: 2, ethernets: {eth0: {match: {macaddress: $mac}, "set-name": "eth0", addresses: [$address], mtu: 1500}}}' >"$dir/network-config"
  genisoimage -quiet -output "$dir.iso" -volid cidata -joliet -rock "$dir"
  v vol-create-as $name-pool "$name-$host.iso" "$(stat -c %s "$dir.iso")" --format raw
  v vol-upload --pool $name-pool "$name-$host.iso" "$dir.iso"
}

domain() {
  local host=$1 pool=$work/pool machine='' tcg='' spare=''
  # What components/host/domain.component.ts does to an emulated machine.
  if [ "$kind" = same ] && [ "$(file accel)" = qemu ]; then
    machine=" machine='q35'" tcg="<tcg><tb-cache unit='MiB'>256</tb-cache></tcg>"
    spare="<controller type='usb' model='none'/><memballoon model='none'/>"
  fi
  cat <<XML
<domain type='$(file accel)'><name>$name-$host</name><memory unit='MiB'>256</memory><vcpu>1</vcpu>
<os><type arch='x86_64'$machine>hvm</type><kernel>$pool/$name-kernel</kernel><initrd>$pool/$name-initrd</initrd>
<cmdline>$(file cmdline)</cmdline></os><features><acpi/><apic/>$tcg</features><cpu mode='$(file cpu)'/>
<devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='$pool/$name-$host'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='$pool/$name-$host.iso'/><target dev='vdb' bus='virtio'/></disk>
<interface type='network'><mac address='${mac[$host]}'/><source network='$name'/><model type='virtio'/></interface>
<serial type='pty'/><console type='pty'/><rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>$spare
</devices></domain>
XML
}

at() {
  ssh -F none -i "$work/login" -o UserKnownHostsFile="$work/known_hosts" -o ConnectTimeout=5 -o BatchMode=yes -o LogLevel=ERROR \
    "root@${address[$1]}" "${@:2}"
}

# tunnels HOST: a full mesh's part in one transaction, with split horizon where it would loop.
tunnels() {
  local other n=0
  for other in "${hosts[@]}"; do
    [ "$other" != "$1" ] || continue
    printf ' -- add-port vxbr vx%s -- set port vx%s protected=true -- set interface vx%s type=vxlan options:remote_ip=%s options:key=100' \
      "$n" "$n" "$n" "${address[$other]}"
    n=$((n + 1))
  done
}

host() {
  local host=$1 tries=0
  seed "$host"
  v vol-create-as $name-pool "$name-$host" 2G --format qcow2 --backing-vol $name-root --backing-vol-format qcow2
  domain "$host" >"$work/$host.xml"
  v create "$work/$host.xml"
  until at "$host" true 2>/dev/null; do
    ((++tries < 600)) || { echo "no SSH on $host" >&2 && exit 1; }
    sleep 0.2
  done
  phase "$host answers SSH"
  # The recipe's lines in one login. ovs-vsctl waits for the switch.
  at "$host" "set -e; PATH=/usr/sbin:/usr/bin:/sbin:/bin
ovs-vsctl --retry --timeout=60 add-br vxbr -- set interface vxbr mtu_request=1450
ip address add ${bridge[$host]} dev vxbr; ip link set vxbr up
ovs-vsctl --timeout=60 $(tunnels "$host")
mkdir -p /var/lib/lxc/c/rootfs; tar -xf /usr/share/vxlab/rootfs-busybox.tar -C /var/lib/lxc/c/rootfs; chown -hR 100000:100000 /var/lib/lxc/c/rootfs
cat >/var/lib/lxc/c/config <<CONFIG
lxc.uts.name = ${box[$host]}
lxc.rootfs.path = dir:/var/lib/lxc/c/rootfs
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.mount.auto = proc:mixed sys:ro cgroup:mixed
lxc.apparmor.profile = unconfined
lxc.net.0.type = veth
lxc.net.0.flags = up
lxc.net.0.mtu = 1450
lxc.net.0.veth.pair = veth0
lxc.net.0.ipv4.address = ${boxip[$host]}
CONFIG
lxc-start -n c -d
ovs-vsctl --timeout=60 add-port vxbr veth0"
  phase "$host has bridge, tunnel and container"
}

# shellcheck disable=SC2317 # called by the trap
clean() {
  local host
  for host in "${hosts[@]}"; do v destroy "$name-$host" || :; done
  v net-destroy "$name" || :
  v pool-destroy "$name-pool" || :
}

rm -rf "$work"
mkdir -p "$work/pool"
trap 'clean >/dev/null 2>&1; rm -rf "$work"' EXIT
v net-create <(echo "<network><name>$name</name><bridge name='byhand0'/><mtu size='1500'/><ip address='192.168.10.1' prefix='24'/></network>")
v pool-create-as $name-pool dir --target "$work/pool"
ssh-keygen -q -t ed25519 -N '' -f "$work/hostkey"
ssh-keygen -q -t ed25519 -N '' -f "$work/login"
for host in "${hosts[@]}"; do echo "${address[$host]} $(cut -d' ' -f1,2 "$work/hostkey.pub")"; done >"$work/known_hosts"
upload kernel raw
upload initrd raw
upload root qcow2
phase "network, pool and image"
pids=()
for host in "${hosts[@]}"; do
  host "$host" &
  pids+=($!)
done
for pid in "${pids[@]}"; do wait "$pid"; done
for ((i = 0; i < 100; i++)); do
  if at kvm1 "lxc-attach -n c -- ping -c 1 -W 1 $last" >/dev/null; then
    phase "first ping"
    exit
  fi
done
echo "no ping" >&2
exit 1
