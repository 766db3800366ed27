#!/bin/sh
# An LXC container with one interface on a bridge.
# desired state: {id, lab, name, bridge, address, mac, mtu, veth, vlan|null, command: [..], rootfs}
# shellcheck disable=SC2153,SC2154 # the variables come out of assign, by eval

BOXES=$STATE/containers

container_apply() {
  id_of "$1"
  eval "$(assign "$1" "$(desired container "$id")")"
  [ "${was_name:-$name}" = "$name" ] || (container_drop "$was_name")
  box=$BOXES/$name
  [ -d "$box" ] || mkdir -p "$box"
  [ -d "$box/rootfs" ] || container_root
  container_init
  printf '%s %s %s\n' "$bridge" "${vlan:-0}" "$id" >"$box/port"
  container_config >"$box/config.new"
  # What shows in no line of the config (the command, the VLAN) is compared as it was asked for.
  if [ -e "$box/config" ]; then
    if ! cmp -s "$box/config.new" "$box/config" || [ "$1" != "$(cat "$(desired container "$id")" 2>&1)" ]; then
      container_stop
    fi
  fi
  mv "$box/config.new" "$box/config"
  container_start
  container_look
  [ "$state" = RUNNING ] || fail "container $name ended at once: its command is $command"
  keep container "$id" "$1"
  printf '{"state":"%s","pid":%s}\n' "$state" "$pid"
}

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
  printf '#!/bin/sh\nexec %s\n' "$command" >"$box/rootfs/.vxlab-init.new"
  chmod 755 "$box/rootfs/.vxlab-init.new"
  mv "$box/rootfs/.vxlab-init.new" "$box/rootfs/.vxlab-init"
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
lxc.net.0.type = veth
lxc.net.0.name = eth0
lxc.net.0.flags = up
lxc.net.0.hwaddr = $mac
lxc.net.0.mtu = $mtu
lxc.net.0.veth.pair = $veth
lxc.net.0.ipv4.address = $address
lxc.net.0.script.up = $TOOLS/guest plug
lxc.net.0.script.down = $TOOLS/guest unplug
CONFIG
}

# The namespace of users confines the container in any case; AppArmor's profile is added where it is loaded.
container_profile() {
  if grep -qs '^lxc-container-default-cgns ' /sys/kernel/security/apparmor/profiles; then
    echo lxc-container-default-cgns
  else
    echo unconfined
  fi
}

container_state() { lxc-info -P "$BOXES" -n "$1" -sH 2>/dev/null || echo ABSENT; }

container_start() {
  [ "$(container_state "$name")" != RUNNING ] || return 0
  [ -e "/sys/class/net/$bridge" ] || fail "bridge $bridge is not on this host: apply its OvsBridge first"
  # A veth left by a container that died with its host would keep the name.
  [ ! -e "/sys/class/net/$veth" ] || ip link del dev "$veth"
  # 9>&-: the container's monitor lives on and would hold the lock.
  timeout 60 lxc-start -P "$BOXES" -n "$name" -d -o "$box/log" -l WARN 9>&- ||
    fail "container $name does not start: $(tail -n 5 "$box/log" | tr '\n' ' ')"
}

container_stop() {
  [ "$(container_state "$name")" = RUNNING ] || return 0
  timeout 60 lxc-stop -P "$BOXES" -n "$name" -t 3
}

container_drop() {
  name=$1
  container_stop
  if [ -e "$BOXES/$name/port" ]; then
    gone=$(awk '{print $3}' "$BOXES/$name/port")
    for have in $(vsctl --bare --no-headings --columns=name find port external_ids:vxlab-container="\"$gone\""); do
      vsctl --if-exists del-port "$have"
    done
  fi
  rm -rf "${BOXES:?}/$name"
}

container_remove() {
  id_of "$1"
  eval "$(assign "$1")"
  container_drop "$name"
  rm -f "$(desired container "$id")"
  leave
  printf '{}\n'
}

container_observe() {
  eval "$(assign "$1")"
  container_look
  printf '{"state":"%s","pid":%s}\n' "$state" "$pid"
}

container_look() {
  # Two lines, "State: RUNNING" and, where there is one, "PID: 275".
  read -r state pid <<FOUND
$(lxc-info -P "$BOXES" -n "$name" -sp 2>/dev/null | awk '{print $2}' ORS=' ')
FOUND
  : "${state:=ABSENT}" "${pid:=0}"
}

# LXC calls these as: guest plug NAME net up veth DEVICE (lxc.container.conf(5), lxc.net.[i].script.up).
plug() {
  read -r bridge vlan id <"$BOXES/$1/port"
  vsctl --may-exist add-port "$bridge" "$5" -- set port "$5" tag="$vlan" external_ids:vxlab-container="\"$id\""
}

unplug() { vsctl --if-exists del-port "$5"; }
