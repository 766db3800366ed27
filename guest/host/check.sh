#!/bin/sh
# Whether a host that is no machine of ours can hold a lab; sent as a command, changes nothing there.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
lacks=
[ "$(id -u)" = 0 ] || lacks="root's rights, "
for tool in ovs-vsctl:openvswitch-switch lxc-start:lxc busybox:busybox-static ip:iproute2 awk:mawk flock:util-linux; do
  command -v "${tool%%:*}" >/dev/null || lacks="$lacks${tool#*:}, "
done
if command -v ovs-vsctl >/dev/null && ! ovs-vsctl --timeout=60 --retry show >/dev/null 2>&1; then
  lacks="${lacks}a running Open vSwitch, "
fi
[ -z "$lacks" ] || {
  echo "vxlab: this host lacks ${lacks%, }. As root on it, on Debian, this installs what is missing:" >&2
  echo "vxlab:   apt-get install -y --no-install-recommends openvswitch-switch lxc busybox-static iproute2" >&2
  echo "vxlab: or run guest/host/prepare.sh there, which also starts it." >&2
  exit 1
}
echo '{"ready":true}'
