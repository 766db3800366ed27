# shellcheck shell=bash
# What the embedded libvirts of one machine share: folders on the host, which the first creates and the last removes, and
# the lock for that. Part of embedded.sh, which sets the variables.
# shellcheck disable=SC2154

# Records what we create on the host, so that the last lab can remove it.
note() { echo "$1" >>/run/vxlab/.made; }

prepare_host() {
  local dir
  # The mount points must exist on the host; Debian ships only the first.
  for dir in "${libvirt_dirs[@]}"; do
    [[ -d $dir ]] || { mkdir "$dir" && note "$dir"; }
  done
  ns_exists && return
  rm -f "$nsfile"
  mountpoint -q /run/netns || note /run/netns # `ip netns` makes it a mount
  ip netns add "$ns"
  ip -n "$ns" link set lo up
}

# If the host has br_netfilter, iptables also sees packets between machines on one bridge. libvirt's NAT would then change the
# source of multicast packets, except those to 224.0.0.0/24. The setting belongs to the namespace. Each start sets it, because
# the module may be loaded after the namespace was made.
bridge_only() {
  ((EUID != 0)) || nsenter --net="$nsfile" sh -c '[ ! -d /proc/sys/net/bridge ] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables'
}

# Only for the last lab: removing a folder also removes the mounts on it in other namespaces.
restore_host() {
  local path
  [[ -z $(find /run/vxlab -mindepth 1 -maxdepth 1 -type d) && -e /run/vxlab/.made ]] || return 0
  while read -r path; do
    [[ $path != /run/netns || -n $(ls /run/netns) ]] || umount /run/netns 2>/dev/null || true
    rmdir "$path" 2>/dev/null || true
  done </run/vxlab/.made
  rm -f /run/vxlab/.made
}

# Serializes changes to /run/vxlab and to the host's folders.
lock() {
  mkdir -p /run/vxlab
  exec 8</run/vxlab
  flock -w 60 8 || die "another lab's start or stop has held the lock on /run/vxlab for 60 s"
}
