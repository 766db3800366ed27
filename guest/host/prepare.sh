#!/bin/sh
# Prepares a Debian host (11 or newer) to hold a lab's bridges, tunnels and containers: `sh prepare.sh`, as root on it.
# Installs packages and starts Open vSwitch; touches no network setting, and a second run changes nothing.
set -eu
[ "$(id -u)" = 0 ] || { echo "prepare.sh: run it as root" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends openvswitch-switch lxc busybox-static iproute2 iputils-ping >/dev/null
if [ -d /run/systemd/system ]; then systemctl --quiet enable --now openvswitch-switch; fi
modprobe -a openvswitch vxlan veth
ovs-vsctl --timeout=60 --retry show >/dev/null
echo "ready: name this host in the settings, with its key $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)"
