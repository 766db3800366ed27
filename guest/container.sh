#!/bin/sh
# A container: LXC's here, Docker's in docker.sh. Its interfaces, eth0, eth1, … inside, are ports of the host's bridges.
# desired state: {id, lab, name, kind, rootfs, command: [..], interfaces: [{name, bridge, veth, mac, mtu,
#                 addresses: [..], dhcp, gateway|null, vlan|null, trunk: [{vlan, addresses: [..], mtu}]}]}
# Starts the container anew: another command, MAC, veth, number of interfaces, the first trunk or dhcp and the last.
# Everything else changes while it runs: addresses, gateway, MTU, VLAN, a trunk's VLANs, bridge.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of assign, by eval

BOXES=$STATE/containers

container_apply() {
  id_of "$1"
  eval "$(assign "$1" "$(desired container "$id")")"
  nics_shape
  # What was kept by the tools before there were kinds is LXC's.
  : "${kind:=lxc}" "${was_kind:=lxc}"
  case $kind in lxc | docker) ;; *) fail "no such kind of container: $kind" ;; esac
  [ -z "${was_name:-}" ] || [ "$was_name $was_kind" = "$name $kind" ] || ("${was_kind}_drop" "$was_name")
  "${kind}_apply"
  keep container "$id" "$1"
  printf '{"state":"%s","pid":%s}\n' "$state" "$pid"
}

lxc_apply() {
  box=$BOXES/$name
  [ -d "$box" ] || mkdir -p "$box"
  [ -d "$box/rootfs" ] || container_root
  nics_ports >"$box/ports.new"
  container_init
  container_config >"$box/config.new"
  if container_same; then
    lxc_look
    nics_live
    runs=true
  else
    container_stop
    runs=false
  fi
  for file in ports config rootfs/.vxlab-init rootfs/.vxlab-net rootfs/.vxlab-lease; do mv "$box/$file.new" "$box/$file"; done
  # LXC's own word after a start: the cgroup of a command that ends at once is still there for a moment.
  if "$runs"; then
    lxc_look
  else
    container_start
    lxc_ask
  fi
  [ "$state" = RUNNING ] || fail "container $name ended at once: its command is $command"
}

# True when what runs can go on: everything but what changes live is as it was.
container_same() {
  [ -e "$box/config" ] || return 1
  container_runs || return 1
  [ "${was_command-}" = "$command" ] || return 1
  cmp -s "$box/rootfs/.vxlab-init.new" "$box/rootfs/.vxlab-init" || return 1
  [ "$(container_fixed <"$box/config.new")" = "$(container_fixed <"$box/config")" ]
}

container_fixed() { grep -v '^lxc\.net\.[0-9]*\.\(mtu\|ipv[46]\.address\|ipv4\.gateway\) '; }

# Whole or not at all: a step cut short leaves rootfs.new behind, never half a root.
container_root() {
  archive=/usr/share/vxlab/rootfs-$rootfs.tar
  rm -rf "$box/rootfs.new"
  mkdir -p "$box/rootfs.new"
  if [ -e "$archive" ]; then
    # busybox's tar takes half the time of GNU's; the files in it belong to the container's root already.
    busybox tar -xf "$archive" -C "$box/rootfs.new"
  else
    container_busybox "$box/rootfs.new"
  fi
  mv "$box/rootfs.new" "$box/rootfs"
}

# Hosts that are not our image: the same root from the host's static busybox.
container_busybox() {
  [ "$rootfs" = busybox ] || fail "no container root \"$rootfs\" on this host: /usr/share/vxlab/rootfs-$rootfs.tar"
  busybox=$(command -v busybox) || fail "no busybox on this host: apt-get install busybox-static"
  for dir in bin sbin etc dev proc sys tmp run root; do mkdir -p "$1/$dir"; done
  cp "$busybox" "$1/bin/busybox"
  chroot "$1" /bin/busybox --install -s /bin
  ln -s ../bin/busybox "$1/sbin/init"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\n' >"$1/etc/group"
  printf '::askfirst:-/bin/sh\n' >"$1/etc/inittab"
  # Root of the container is nobody on the host (user_namespaces(7)).
  chown -hR 100000:100000 "$1"
}

# The command travels as words that fields.awk quoted, into a file: LXC's own splitting of lxc.init.cmd is not a shell's.
container_init() {
  container_net >"$box/rootfs/.vxlab-net.new"
  {
    echo '#!/bin/sh'
    [ ! -s "$box/rootfs/.vxlab-net.new" ] || printf "leased='%s'\n. /.vxlab-net\n" "$(container_leased)"
    printf 'exec %s\n' "$command"
  } >"$box/rootfs/.vxlab-init.new"
  container_lease >"$box/rootfs/.vxlab-lease.new"
  chmod 755 "$box/rootfs/.vxlab-init.new" "$box/rootfs/.vxlab-lease.new"
}

container_leased() {
  i=0
  while next_nic; do [ "$dhcp" != true ] || printf '%s ' "$nic"; done
}

# What LXC has no settings for, done inside at every start: the VLANs of a trunk, and DHCP. The loop is the client's
# supervisor; -O mtu: it does not ask for that by itself.
container_net() {
  i=0
  while next_nic; do
    n=0
    while next_tag; do
      echo "ip link add link $nic name $nic.$tag type vlan id $tag"
      echo "ip link set dev $nic.$tag mtu $tag_mtu up"
      for one in $tag_addresses; do echo "ip address add $one dev $nic.$tag"; done
    done
  done
  [ -z "$(container_leased)" ] || cat <<'NET'
for nic in $leased; do
  (while :; do udhcpc -f -i "$nic" -s /.vxlab-lease -x "hostname:$(hostname)" -O mtu -t 5 -T 2 -A 5; sleep 1; done) \
    </dev/null >/dev/null 2>&1 &
done
NET
}

# What udhcpc calls with a lease in the environment.
container_lease() {
  echo '#!/bin/sh'
  cat <<'LEASE'
case $1 in
  deconfig) ip -4 address flush dev "$interface" ;;
  bound | renew)
    ip address replace "$ip/${mask:-24}" dev "$interface"
    [ -z "${mtu:-}" ] || ip link set dev "$interface" mtu "$mtu"
    for gateway in ${router:-}; do ip route replace default via "$gateway" dev "$interface" && break; done
    ;;
esac
LEASE
}

# The whole configuration: included defaults and appended lxc.net keys fight (lxc.container.conf(5)).
container_config() {
  cat <<CONFIG
lxc.uts.name = $name
lxc.arch = $(uname -m)
lxc.rootfs.path = dir:$box/rootfs
lxc.init.cmd = /.vxlab-init
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.apparmor.profile = $(container_profile)
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.cap.drop = mac_admin mac_override sys_module sys_rawio sys_time
lxc.mount.auto = proc:mixed sys:ro cgroup:mixed
lxc.autodev = 1
lxc.tty.max = 0
lxc.pty.max = 32
lxc.console.path = none
lxc.signal.halt = SIGUSR2
lxc.signal.reboot = SIGTERM
CONFIG
  i=0
  while next_nic; do
    key=lxc.net.$((i - 1))
    cat <<CONFIG
$key.type = veth
$key.name = $nic
$key.flags = up
$key.hwaddr = $mac
$key.mtu = $mtu
$key.veth.pair = $veth
CONFIG
    for one in $addresses; do
      case $one in *:*) echo "$key.ipv6.address = $one" ;; *) echo "$key.ipv4.address = $one" ;; esac
    done
    [ -z "$gateway" ] || echo "$key.ipv4.gateway = $gateway"
    echo "$key.script.up = $TOOLS/guest plug"
    echo "$key.script.down = $TOOLS/guest unplug"
  done
}

# The namespace of users confines the container in any case; AppArmor's profile is added where it is loaded.
container_profile() {
  if grep -qs '^lxc-container-default-cgns ' /sys/kernel/security/apparmor/profiles; then
    echo lxc-container-default-cgns
  else
    echo unconfined
  fi
}

# True with the first process's number in pid. Its cgroup says both; lxc-info takes 0.14 s under emulation, and is asked
# where the cgroup does not tell: a container may move its processes to cgroups of its own.
container_first() {
  { read -r pid <"$CGROUPS/lxc.payload.$name/cgroup.procs"; } 2>/dev/null || return 1
  [ "$(awk '$1 == "NSpid:" { print $NF }' "$PROC/$pid/status" 2>/dev/null)" = 1 ]
}

container_runs() {
  [ -e "$BOXES/$name/config" ] || return 1
  container_first || [ "$(lxc-info -P "$BOXES" -n "$name" -sH 2>/dev/null)" = RUNNING ]
}

container_start() {
  i=0
  while next_nic; do
    [ -e "$NET/$bridge" ] || fail "bridge $bridge is not on this host: apply its OvsBridge first"
    # A veth left by a container that died with its host would keep the name.
    [ ! -e "$NET/$veth" ] || ip link del dev "$veth"
  done
  # 9>&-: the container's monitor lives on and would hold the lock.
  timeout 60 lxc-start -P "$BOXES" -n "$name" -d -o "$box/log" -l WARN 9>&- ||
    fail "container $name does not start: $(tail -n 5 "$box/log" | tr '\n' ' ')"
}

container_stop() {
  container_runs || return 0
  timeout 60 lxc-stop -P "$BOXES" -n "$name" -t 3
}

lxc_drop() {
  name=$1
  container_stop
  nics_drop
  rm -rf "${BOXES:?}/$name"
}

container_remove() {
  id_of "$1"
  eval "$(assign "$1" "$(desired container "$id")")"
  : "${kind:=lxc}" "${was_kind:=$kind}"
  # A step of another kind and the same name has taken its place, and has put it away already.
  if [ "$was_kind" = "$kind" ]; then
    "${kind}_drop" "$name"
    rm -f "$(desired container "$id")" "$STATE/images/$id.tar"
    leave
  fi
  printf '{}\n'
}

container_observe() {
  eval "$(assign "$1")"
  "${kind:-lxc}_look"
  printf '{"state":"%s","pid":%s}\n' "$state" "$pid"
}

lxc_look() {
  if container_first; then state=RUNNING; else lxc_ask; fi
}

lxc_ask() {
  # Two lines, "State: RUNNING" and, where there is one, "PID: 275".
  read -r state pid <<FOUND
$(lxc-info -P "$BOXES" -n "$name" -sp 2>/dev/null | awk '{print $2}' ORS=' ')
FOUND
  : "${state:=ABSENT}" "${pid:=0}"
}
