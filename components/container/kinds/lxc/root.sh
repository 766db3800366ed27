#!/bin/sh
# What an LXC container is made of: its root file system, its init, and its configuration.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

# Made as rootfs.new and renamed: an interrupted step never leaves an incomplete root.
lxc_root() {
  local archive="/usr/share/vxlab/rootfs-$rootfs.tar"
  rm -rf "$box/rootfs.new"
  mkdir -p "$box/rootfs.new"
  if lxc_is_archive; then
    lxc_unpack "$IMAGES/$id.tar" "$box/rootfs.new"
  elif [ -e "$archive" ]; then
    # busybox's tar takes half the time of GNU's; the files in it belong to the container's root already.
    busybox tar -xf "$archive" -C "$box/rootfs.new"
  else
    lxc_busybox "$box/rootfs.new"
  fi
  rm -rf "$box/rootfs" "$box/done" "$box/files"
  mv "$box/rootfs.new" "$box/rootfs"
  # A root without this is busybox's.
  if lxc_is_archive; then echo "$rootfs" >"$box/rootfs-of"; else rm -f "$box/rootfs-of"; fi
}

lxc_is_archive() { case ${rootfs-} in *[!0-9a-f]* | "") return 1 ;; esac && [ "${#rootfs}" = 64 ]; }

# True when the root is made from what is wanted.
lxc_root_fits() {
  [ -d "$box/rootfs" ] || return 1
  if lxc_is_archive; then [ "$(cat "$box/rootfs-of" 2>/dev/null)" = "$rootfs" ]; else [ ! -e "$box/rootfs-of" ]; fi
}

# lxc_unpack FILE FOLDER: unpacks in a user namespace like the container's (user_namespaces(7)): files get the container's user ids, and
# nothing is written that the container could not write. Device nodes are left out: LXC makes them.
lxc_unpack() {
  local holder tries=100 code=0 said
  echo "$rootfs  $1" | sha256sum -c >/dev/null 2>&1 ||
    fail "the root file system of container $name was not copied completely to $1: copy it again with: pulumi up --replace '**$step-archive'"
  chown 100000:100000 "$2"
  unshare -U sleep 900 </dev/null >/dev/null 2>&1 9>&- &
  holder=$!
  until [ "$(readlink "/proc/$holder/ns/user")" != "$(readlink /proc/self/ns/user)" ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "cannot create a user namespace to unpack the root file system of container $name: see unshare(1)"
    sleep 0.1
  done
  echo "0 100000 65536" >"/proc/$holder/uid_map"
  echo "0 100000 65536" >"/proc/$holder/gid_map"
  said=$(lxc_plain_tar "$1" | nsenter -t "$holder" -U -S 0 -G 0 "$(lxc_tar)" -x --numeric-owner --exclude './dev/*' --exclude 'dev/*' -f - -C "$2" 2>&1) || code=$?
  kill "$holder" 2>/dev/null || :
  [ "$code" = 0 ] || fail "the root file system of container $name cannot be unpacked: $(printf '%s' "$said" | tail -n 3 | tr '\n' ' ')"
  [ -e "$2/bin/sh" ] || [ -L "$2/bin/sh" ] ||
    fail "the root file system of container $name has no bin/sh: make the archive of the contents of the root folder, not of the folder itself"
  for said in dev proc sys run tmp etc; do
    if [ ! -e "$2/$said" ] && [ ! -L "$2/$said" ]; then mkdir "$2/$said" && chown 100000:100000 "$2/$said"; fi
  done
}

# GNU's, by its path: the shell of our image takes busybox's, which fails where it cannot make a device.
lxc_tar() {
  local old="$IFS" folder
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/tar" ]; then printf %s "$folder/tar" && break; fi
  done
  IFS=$old
}

# lxc_plain_tar FILE: what is in it, by its first bytes (gzip: RFC 1952; xz: xz-file-format).
lxc_plain_tar() {
  case $(head -c 6 "$1" | od -A n -t x1 | tr -d ' ') in
    1f8b*) gzip -dc "$1" ;;
    fd377a585a00) xz -dc "$1" ;;
    *) cat "$1" ;;
  esac
}

# Hosts that are not our image: the same root from the host's static busybox.
lxc_busybox() {
  local busybox dir
  [ "$rootfs" = busybox ] || fail "no container root \"$rootfs\" on this host: /usr/share/vxlab/rootfs-$rootfs.tar"
  busybox=$(command -v busybox) || fail "no busybox on this host: apt-get install busybox-static"
  for dir in bin sbin etc dev proc sys tmp run root; do mkdir -p "$1/$dir"; done
  cp "$busybox" "$1/bin/busybox"
  chroot "$1" /bin/busybox --install -s /bin
  ln -s ../bin/busybox "$1/sbin/init"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$1/etc/passwd"
  printf 'root:x:0:\n' >"$1/etc/group"
  printf '::askfirst:-/bin/sh\n' >"$1/etc/inittab"
  # The container's root is an unprivileged user on the host (user_namespaces(7)).
  chown -hR 100000:100000 "$1"
}

# The command, quoted by fields.awk, goes into a file: LXC does not split lxc.init.cmd as a shell does.
lxc_init() {
  lxc_net >"$box/.vxlab-net.new"
  {
    echo '#!/bin/sh'
    lxc_tools
    [ ! -s "$box/.vxlab-net.new" ] || printf "leased='%s'\n. /.vxlab-net\n" "$(lxc_leased)"
    [ "${files_count:-0}" = 0 ] || echo '[ ! -e /.vxlab-files ] || /bin/sh /.vxlab-files'
    printf 'exec %s\n' "$command"
  } >"$box/.vxlab-init.new"
  container_lease /etc/resolv.conf "$(lxc_tools | sed -n '1s/$/;/p')" >"$box/.vxlab-lease.new"
  chmod 755 "$box/.vxlab-init.new" "$box/.vxlab-lease.new"
}

# The script that writes its files before the first process of each start. Renamed into place, since the container may have made anything of
# this name.
lxc_files() {
  if [ "${files_count:-0}" = 0 ]; then rm -rf "$box/rootfs/.vxlab-files" && return; fi
  content_plain
  [ ! -d "$box/rootfs/.vxlab-files" ] || rm -rf "$box/rootfs/.vxlab-files"
  (umask 077 && content_script >"$box/files.new")
  chown 100000:100000 "$box/files.new"
  mv -T "$box/files.new" "$box/rootfs/.vxlab-files"
}

lxc_leased() {
  eval "$NIC"
  while next_nic; do [ "$dhcp" != true ] || printf '%s ' "$nic"; done
}

# Done inside at every start, since LXC has no settings for it: the VLANs of a trunk, and DHCP. A loop restarts the DHCP client; -O mtu: the
# client does not ask for the MTU by default.
lxc_net() {
  local one
  eval "$NIC; $TAG"
  while next_nic; do
    n=0
    while next_tag; do
      echo "ip link add link $nic name $tag_nic type vlan id $tag"
      echo "ip link set dev $tag_nic mtu $tag_mtu up"
      for one in $tag_addresses; do echo "ip address add $one dev $tag_nic"; done
    done
  done
  [ -z "$(lxc_leased)" ] || cat <<'NET'
for nic in $leased; do
  (while :; do udhcpc -f -i "$nic" -s /.vxlab-lease -x "hostname:$(hostname)" -O mtu -t 5 -T 2 -A 5; sleep 1; done) \
    </dev/null >/dev/null 2>&1 &
done
NET
}

# A root from an archive may lack the programs that the init uses, and has no init of its own that brings lo up. The host's static
# busybox is mounted there.
lxc_tools() {
  lxc_is_archive || return 0
  cat <<'TOOLS'
for tool in ip udhcpc hostname; do eval "$tool() { /.vxlab/busybox $tool \"\$@\"; }"; done
ip link set dev lo up
TOOLS
}

# The whole configuration, without included defaults: these conflict with lxc.net keys that follow (lxc.container.conf(5)).
lxc_config() {
  local key one
  eval "$NIC"
  cat <<CONFIG
lxc.uts.name = $name
lxc.arch = $(uname -m)
lxc.rootfs.path = dir:$box/rootfs
lxc.init.cmd = /.vxlab-init
lxc.idmap = u 0 100000 65536
lxc.idmap = g 0 100000 65536
lxc.apparmor.profile = $(lxc_profile)
lxc.seccomp.profile = /usr/share/lxc/config/common.seccomp
lxc.cap.drop = mac_admin mac_override sys_module sys_rawio sys_time
lxc.mount.auto = proc:mixed sys:ro cgroup:mixed
lxc.autodev = 1
lxc.tty.max = 0
lxc.pty.max = 32
lxc.console.logfile = $box/console
lxc.console.size = 128KB
lxc.signal.halt = SIGUSR2
lxc.signal.reboot = SIGTERM
CONFIG
  ! lxc_is_archive || echo "lxc.mount.entry = $(lxc_host_busybox) .vxlab/busybox none bind,ro,create=file 0 0"
  [ ! -s "$box/wire" ] || echo "lxc.hook.start-host = $TOOLS/guest wire $name"
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

lxc_host_busybox() {
  local busybox
  busybox=$(command -v busybox) || fail "no busybox on this host: apt-get install busybox-static"
  case $busybox in /*) echo "$busybox" ;; *) echo /bin/busybox ;; esac
}

# The user namespace confines the container in any case; AppArmor's profile is added if it is loaded.
lxc_profile() {
  if grep -qs '^lxc-container-default-cgns ' /sys/kernel/security/apparmor/profiles; then
    echo lxc-container-default-cgns
  else
    echo unconfined
  fi
}
