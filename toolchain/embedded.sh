#!/usr/bin/env bash
# The lab's own libvirtd, for machines where no libvirt service runs: it lives in a network namespace and a
# private mount namespace, so neither the host's network nor the system's libvirt folders are ever touched.
#
#   embedded.sh start       start what is not running (idempotent; repairs after a kill or a reboot), print the socket's path
#   embedded.sh stop        end every process of the namespace, remove mounts, namespace and sockets
#   embedded.sh purge       stop, and remove the data too (.vxlab/libvirt)
#   embedded.sh status      one line; exit 0 running, 3 not running
#   embedded.sh exec CMD…   run a command inside the network namespace
#   embedded.sh socket      print the path of the socket
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # libvirtd, ip: a plain shell of root may lack these

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${VXLAB_ROOT:-$(cd "$(dirname "$self")/.." && pwd -P)}
root=$(cd "$root" && pwd -P)
id=$(printf %s "$root" | sha256sum | cut -c1-8)
ns=vxlab-$id
data=$root/.vxlab/libvirt
run=/run/vxlab/$id # not below $data: a unix socket's path is at most 107 bytes (unix(7))
sock=$run/libvirt-sock
virsh=(virsh -q -c "qemu+unix:///system?socket=$sock") # only asked whether it succeeds, so in any locale
# What libvirt learns about QEMU takes 4 s and holds for every lab of this machine (libvirt checks that it does).
cache=${VXLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vxlab}/libvirt
libvirt_dirs=(/etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt)
nsfile=/run/netns/$ns
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$self")/embedded-host.sh"

die() {
  printf 'embedded libvirt: %s\n' "$1" >&2
  exit 1
}

# A machine's /dev/kvm may exist and not work (nested, no vmx/svm): libvirt then probes QEMU anew at every call.
kvm_works() { grep -qwE 'vmx|svm' /proc/cpuinfo && (: <>/dev/kvm) 2>/dev/null; }

# After a reboot with /run on disk the name is still there, as an empty file that is no namespace.
ns_exists() { [[ -e $nsfile ]] && nsenter --net="$nsfile" true 2>/dev/null; }

# "net:[inode]" of the lab.
ns_link() { nsenter --net="$nsfile" readlink /proc/self/ns/net; }

# Processes of the lab (whatever lives in its namespace is ours, nothing else is), except this script and its ancestors.
ns_pids() {
  local pid skip=" " p=$BASHPID
  while ((p > 1)); do
    skip+="$p "
    p=$(awk '$1 == "PPid:" { print $2 }' "/proc/$p/status" 2>/dev/null || echo 0)
  done
  for pid in $(ip netns pids "$ns"); do
    [[ $skip == *" $pid "* ]] || echo "$pid"
  done
}

daemon_pid() {
  local pid
  pid=$(cat "$run/libvirtd.pid" 2>/dev/null) || return 1
  # A pid file can outlive a reboot and name somebody else's process.
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == libvirtd ]] || return 1
  [[ $(readlink "/proc/$pid/ns/net") == "$(ns_link)" ]] || return 1
  echo "$pid"
}

# libvirt needs seconds to learn what QEMU can do. Asked ahead of the first machine, it knows when the engine has started.
probe() { setsid timeout 60 "${virsh[@]}" capabilities </dev/null >/dev/null 2>&1 8>&-; }

running() { [[ -S $sock ]] && ns_exists && daemon_pid >/dev/null && same_data; }

# Not after the clone was removed or moved with its lab running, and made again: the daemon then holds other folders.
same_data() {
  local ours='' theirs=''
  [[ -e $run/mark ]] || return 0
  read -r theirs <"$run/mark"
  [[ ! -e $data/mark ]] || read -r ours <"$data/mark"
  [[ $ours == "$theirs" ]]
}

# The first process of the lab whose folders are there still: the clone that it belongs to was moved, not removed. A bind
# mount shows where its source is now, and "//deleted" when that is gone (fs/d_path.c). Who only entered the network has none.
holder() {
  local pid
  ns_exists || return 1
  for pid in $(ns_pids); do
    awk '$5 == "/etc/libvirt" && $4 !~ /\/\/deleted$/ { held = 1 } END { exit !held }' "/proc/$pid/mountinfo" 2>/dev/null || continue
    echo "$pid"
    return
  done
  return 1
}

answers() { timeout 5 "${virsh[@]}" uri </dev/null >/dev/null 2>&1; }

configure() {
  mkdir -p "$run" "$cache" "$data"/{etc,lib,log,run,dev}
  # namespaces: QEMU's own /dev would lack the ptys of ours. stdio_handler=file: no virtlogd to keep alive.
  cat >"$data/etc/qemu.conf" <<'CONF'
namespaces = []
security_driver = "none"
remember_owner = 0
dynamic_ownership = 0
user = "root"
group = "root"
stdio_handler = "file"
CONF
  # The socket's folder is root's alone, so no further login is asked for.
  cat >"$data/etc/libvirtd.conf" <<'CONF'
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
CONF
  chmod 700 "$run" "$data"
  [[ -s $data/mark ]] || echo "$EPOCHREALTIME" >"$data/mark"
  cp "$data/mark" "$run/mark"
}

# Runs inside the namespaces: private folders over the system's, then libvirtd. Nothing here reaches the host.
inside() {
  local node db line
  mount --bind "$data/etc" /etc/libvirt
  mount --bind "$data/lib" /var/lib/libvirt
  mount --bind "$data/log" /var/log/libvirt
  mount --bind "$cache" /var/cache/libvirt
  # libvirtd looks its compiled-in user up even when qemu.conf names another; only Debian's service package makes it.
  for db in passwd group; do
    getent "$db" libvirt-qemu >/dev/null && continue
    line=libvirt-qemu:x:64055:
    [[ $db == group ]] || line+=64055::/:/usr/sbin/nologin
    { cat "/etc/$db" && echo "$line"; } >"$data/etc/$db"
    mount --bind "$data/etc/$db" "/etc/$db"
  done
  # An empty /run: no D-Bus, so no firewalld, machined or polkit of the host, and a lock file of our own for xtables.
  mount --bind "$run" "$data/run"
  mount -t tmpfs -o mode=755 run /run
  mkdir -p /run/libvirt
  mount --bind "$data/run" /run/libvirt
  if ! kvm_works; then
    mount -t tmpfs -o mode=755 dev "$data/dev"
    for node in null zero full random urandom tty ptmx net/tun; do
      mkdir -p "$(dirname "$data/dev/$node")"
      cp -a "/dev/$node" "$data/dev/$node"
    done
    mkdir "$data/dev/pts" "$data/dev/shm"
    mount --bind /dev/pts "$data/dev/pts"
    mount --bind /dev/shm "$data/dev/shm"
    ln -s /proc/self/fd "$data/dev/fd"
    mount --rbind "$data/dev" /dev
  fi
  exec libvirtd --daemon --pid-file /run/libvirt/libvirtd.pid
}

start() {
  running && return
  ((EUID == 0)) || die "starting it needs root; without root set VXLAB_LIBVIRT_URI or run a libvirt service"
  lock
  running && return
  same_data || {
    if pid=$(holder); then
      die "$data is not this lab's: process $pid of $ns holds that of a clone which was moved from here. Move it back, or end its lab: $self stop"
    fi
    printf 'embedded libvirt: %s was removed while its lab ran: what is left of that lab is ended\n' "$data" >&2
    leave
  }
  # No namespace, no process of ours: what /run still says is from before a reboot. libvirt would take its word for it
  # and not start the networks that are to start by themselves.
  ns_exists || rm -rf "$run"
  configure
  prepare_host
  # A libvirtd that hangs or lost its socket holds the folders; its machines live on and are found again.
  if pid=$(daemon_pid); then kill -KILL "$pid"; fi
  rm -f "$run/libvirtd.pid" "$run"/libvirt-sock*
  spawn
  for ((i = 0; i < 100; i++)); do
    if [[ -S $sock ]] && answers; then
      compgen -G "$cache/qemu/capabilities/*.xml" >/dev/null || probe &
      return
    fi
    sleep 0.1
  done
  tail -n 20 "$data/log/start.log" "$data/log/libvirtd.log" >&2 2>/dev/null || true
  die "libvirtd does not answer on $sock after 10 s; see $data/log"
}

# The daemon must hold neither the lock nor any pipe of the caller, and must outlive the caller's terminal.
spawn() (
  exec </dev/null >"$data/log/start.log" 2>&1
  for fd in /proc/self/fd/*; do
    fd=${fd##*/}
    ((fd > 2)) && eval "exec $fd>&-"
  done
  export VXLAB_ROOT=$root
  cd /
  setsid ip netns exec "$ns" unshare --mount --propagation private "$self" inside || cat "$data/log/start.log" >&2
)

end_processes() {
  local pids i signal
  for signal in TERM KILL; do
    for ((i = 0; i < 50; i++)); do
      mapfile -t pids < <(ns_pids)
      ((${#pids[@]})) || return 0
      ((i == 0)) && kill "-$signal" "${pids[@]}" 2>/dev/null
      sleep 0.1
    done
  done
  die "these processes of $ns do not end: ${pids[*]}"
}

leave() {
  if ns_exists; then
    end_processes
    ip netns delete "$ns"
  fi
  rm -f "$nsfile"
  rm -rf "$run"
}

stop() {
  [[ -e $nsfile || -d $run ]] || return 0
  ((EUID == 0)) || die "stopping it needs root"
  lock
  leave
  restore_host
  rmdir /run/vxlab 2>/dev/null || true
}

case ${1:-} in
  start)
    start
    bridge_only
    echo "$sock"
    ;;
  stop) stop ;;
  purge)
    stop
    rm -rf "$data"
    ;;
  status)
    running || { echo "not running" && exit 3; }
    echo "running, pid $(daemon_pid), namespace $ns, socket $sock"
    ;;
  exec)
    shift
    exec nsenter --net="$nsfile" -- "$@"
    ;;
  socket) echo "$sock" ;;
  inside) inside ;;
  *)
    sed -n '2,/^set/p' "$self" | sed '$d; s/^# \{0,1\}//' >&2
    exit 2
    ;;
esac
