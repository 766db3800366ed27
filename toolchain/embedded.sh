#!/usr/bin/env bash
# The lab's own libvirtd, for machines without a libvirt service. It runs in a network namespace and a private mount
# namespace, so it touches neither the host's network nor the system's libvirt folders.
#
#   embedded.sh start       start what is not running (idempotent; repairs after a kill or a reboot), print the socket's path
#   embedded.sh stop        end every process of the namespace, remove mounts, namespace and sockets
#   embedded.sh purge       stop, and remove the data too (.vxlab/libvirt)
#   embedded.sh status      one line; exit 0 running, 3 not running
#   embedded.sh exec CMD…   run a command inside the network namespace
#   embedded.sh socket      print the path of the socket
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # libvirtd and ip: not in every root shell's PATH

self=$(readlink -f "${BASH_SOURCE[0]}")
root=${VXLAB_ROOT:-$(cd "$(dirname "$self")/.." && pwd -P)}
root=$(cd "$root" && pwd -P)
id=$(printf %s "$root" | sha256sum | cut -c1-8)
ns=vxlab-$id
data=$root/.vxlab/libvirt
run=/run/vxlab/$id # not below $data: a unix socket's path is at most 107 bytes (unix(7))
sock=$run/libvirt-sock
virsh=(virsh -q -c "qemu+unix:///system?socket=$sock") # only asked whether it succeeds, so in any locale
# libvirt probes QEMU for 4 s. Every lab of this machine shares the result; libvirt checks whether it still holds.
cache=${VXLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/vxlab}/libvirt
libvirt_dirs=(/etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt)
nsfile=/run/netns/$ns
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$self")/embedded/host.sh"
. "$(dirname "$self")/embedded/daemon.sh"

die() {
  printf 'embedded libvirt: %s\n' "$1" >&2
  exit 1
}

# After a reboot with /run on disk, the name is still there, but it is an empty file and not a namespace.
ns_exists() { [[ -e $nsfile ]] && nsenter --net="$nsfile" true 2>/dev/null; }

# The lab's network namespace as "net:[inode]".
ns_link() { nsenter --net="$nsfile" readlink /proc/self/ns/net; }

# The lab's processes: all that run in its network namespace, except this script and its ancestors.
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
  # A pid file can outlive a reboot, and its pid can be another process by now.
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == libvirtd ]] || return 1
  [[ $(readlink "/proc/$pid/ns/net") == "$(ns_link)" ]] || return 1
  echo "$pid"
}

running() { [[ -S $sock ]] && ns_exists && daemon_pid >/dev/null && same_data; }

# False if the clone was removed or moved while its lab ran, and then made again: the daemon still uses the old folders.
same_data() {
  local ours='' theirs=''
  [[ -e $run/mark ]] || return 0
  read -r theirs <"$run/mark"
  [[ ! -e $data/mark ]] || read -r ours <"$data/mark"
  [[ $ours == "$theirs" ]]
}

# The first process of the lab whose folders still exist: then the clone was moved, not removed. mountinfo shows the current
# path of a bind mount's source, and "//deleted" after it if it is gone (fs/d_path.c in Linux). A process that only entered
# the network namespace has no such mount.
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

start() {
  running && return
  ((EUID == 0)) || die "starting it needs root. Run as root, start a libvirt service, or set VXLAB_LIBVIRT_URI"
  lock
  running && return
  same_data || {
    if pid=$(holder); then
      die "$data is not this lab's: process $pid of $ns uses the data of a clone that was moved from here. Move that clone back, or end its lab: $self stop"
    fi
    printf 'embedded libvirt: %s was removed while its lab ran: ending the processes of that lab\n' "$data" >&2
    leave
  }
  # Without the namespace no process is ours, so /run is stale since a reboot. libvirt would trust it and not start the
  # networks that have autostart.
  ns_exists || rm -rf "$run"
  configure
  prepare_host
  # A libvirtd that hangs or lost its socket still holds the folders. Its machines keep running, and the new one finds them.
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
  die "these processes of $ns do not end, not even by SIGKILL: ${pids[*]}"
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
