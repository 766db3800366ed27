# shellcheck shell=bash
# What the embedded libvirts of one machine share: the host's folders, put there by the first and taken away by the last,
# and the lock under which they change them. Part of embedded.sh, which sets the variables.
# shellcheck disable=SC2154

# What the host lacks and gets from us is noted, so that the last lab to go can take it away again.
note() { echo "$1" >>/run/vxlab/.made; }

prepare_host() {
  local dir
  # Mount points must exist on the host; Debian ships only the first.
  for dir in "${libvirt_dirs[@]}"; do
    [[ -d $dir ]] || { mkdir "$dir" && note "$dir"; }
  done
  ns_exists && return
  rm -f "$nsfile"
  mountpoint -q /run/netns || note /run/netns # `ip netns` turns it into a mount
  ip netns add "$ns"
  ip -n "$ns" link set lo up
}

# Where the host has br_netfilter, packets between machines on one bridge pass iptables too, and libvirt's NAT changes the source of those
# to a multicast group: it leaves out 224.0.0.0/24 only. The setting is the namespace's own. Each start sets it, since the module may
# come later than the namespace.
bridge_only() {
  ((EUID != 0)) || nsenter --net="$nsfile" sh -c '[ ! -d /proc/sys/net/bridge ] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables'
}

# Only the last lab may do this: removing a folder takes the mounts that other namespaces have on it away too.
restore_host() {
  local path
  [[ -z $(find /run/vxlab -mindepth 1 -maxdepth 1 -type d) && -e /run/vxlab/.made ]] || return 0
  while read -r path; do
    [[ $path != /run/netns || -n $(ls /run/netns) ]] || umount /run/netns 2>/dev/null || true
    rmdir "$path" 2>/dev/null || true
  done </run/vxlab/.made
  rm -f /run/vxlab/.made
}

# Labs of one machine change /run/vxlab and the host's folders one after the other.
lock() {
  mkdir -p /run/vxlab
  exec 8</run/vxlab
  flock -w 60 8 || die "another lab's start or stop has held the lock on /run/vxlab for 60 s"
}
