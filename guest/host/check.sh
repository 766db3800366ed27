#!/bin/sh
# check.sh VTEP: whether a host that is no machine of ours can hold a lab; changes nothing there.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[ "$(id -u)" = 0 ] || {
  echo "vxlab: $(id -un) is not root on this host: steps need root's rights. Write user: root, and root's key." >&2
  exit 1
}
lacks=
for tool in ovs-vsctl:openvswitch-switch lxc-start:lxc busybox:busybox-static tcpdump:tcpdump ip:iproute2 awk:mawk flock:util-linux; do
  command -v "${tool%%:*}" >/dev/null || lacks="$lacks${tool#*:}, "
done
if command -v ovs-vsctl >/dev/null && ! ovs-vsctl --timeout=60 --retry show >/dev/null 2>&1; then
  lacks="${lacks}a running Open vSwitch, "
fi
# Not an apt line: Debian's lxc by itself starts a bridge with NAT, which prepare.sh keeps it from.
[ -z "$lacks" ] || {
  echo "vxlab: this host lacks ${lacks%, }. Nothing was changed there. On Debian this installs and starts what is missing:" >&2
  echo "vxlab:   ssh root@HOST sh -s <prepare.sh   (guest/host/prepare.sh; node_modules/vxlab/dist/guest/host/prepare.sh)" >&2
  exit 1
}
# Only what the kernel calls its own can be the source of a tunnel: Open vSwitch takes any address and sends nothing.
[ -n "$(ip -o address show to "$1" 2>/dev/null)" ] || {
  echo "vxlab: no interface of this host has $1, the address of its VTEP. It has:" >&2
  ip -o address show scope global | awk '{ print "vxlab:   " $4 " on " $2 }' >&2
  echo "vxlab: write one of these as address; where SSH answers elsewhere, that is sshAddress." >&2
  exit 1
}
echo '{"ready":true}'
