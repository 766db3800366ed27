# shellcheck shell=bash
# libvirtd inside the lab's namespaces: its configuration, its private folders, its start. Part of embedded.sh, which sets
# the variables.
# shellcheck disable=SC2154

configure() {
  mkdir -p "$run" "$cache" "$data"/{etc,lib,log,run,dev}
  # namespaces: QEMU's private /dev would lack our ptys. stdio_handler=file: needs no virtlogd.
  cat >"$data/etc/qemu.conf" <<'CONF'
namespaces = []
security_driver = "none"
remember_owner = 0
dynamic_ownership = 0
user = "root"
group = "root"
stdio_handler = "file"
CONF
  # Only root can enter the socket's folder, so the socket needs no authentication.
  cat >"$data/etc/libvirtd.conf" <<'CONF'
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
CONF
  chmod 700 "$run" "$data"
  [[ -s $data/mark ]] || echo "$EPOCHREALTIME" >"$data/mark"
  cp "$data/mark" "$run/mark"
}

# Runs inside the namespaces: mounts private folders over the system's, then becomes libvirtd. The host sees none of it.
inside() {
  local node db line
  mount --bind "$data/etc" /etc/libvirt
  mount --bind "$data/lib" /var/lib/libvirt
  mount --bind "$data/log" /var/log/libvirt
  mount --bind "$cache" /var/cache/libvirt
  # libvirtd looks up its compiled-in user even if qemu.conf names another. Only Debian's service package creates that user.
  for db in passwd group; do
    getent "$db" libvirt-qemu >/dev/null && continue
    line=libvirt-qemu:x:64055:
    [[ $db == group ]] || line+=64055::/:/usr/sbin/nologin
    { cat "/etc/$db" && echo "$line"; } >"$data/etc/$db"
    mount --bind "$data/etc/$db" "/etc/$db"
  done
  # An empty /run has no D-Bus, so libvirtd finds no firewalld, machined or polkit of the host; and its own xtables lock.
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

# /dev/kvm may exist and not work (nested, without vmx or svm): libvirt would then probe QEMU again at every call.
kvm_works() { grep -qwE 'vmx|svm' /proc/cpuinfo && (: <>/dev/kvm) 2>/dev/null; }

# Closes the lock and the caller's pipes for the daemon, which outlives the caller's terminal.
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

answers() { timeout 5 "${virsh[@]}" uri </dev/null >/dev/null 2>&1; }

# libvirt needs seconds to learn what QEMU can do. Asked ahead of the first machine, it knows when the engine has started.
probe() { setsid timeout 60 "${virsh[@]}" capabilities </dev/null >/dev/null 2>&1 8>&-; }
