#!/bin/sh
# Prepares a Debian host (11 or newer) to hold a lab's bridges, tunnels and containers: `sh prepare.sh [PACKAGE...]`, as root on it.
# Installs packages (a DHCP server needs dnsmasq-base too, a Docker container docker.io, flooding: evpn frr) and starts Open vSwitch;
# touches no network setting, and a second run changes nothing. What it installs stays when a lab is removed. To remove it: apt-get purge
# openvswitch-switch lxc busybox-static tcpdump nftables (and PACKAGE...).
set -eu
[ "$(id -u)" = 0 ] || { echo "prepare.sh: run it as root" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# Debian's lxc would start a bridge of its own, lxcbr0 with 10.0.3.1/24, with NAT, dnsmasq and forwarding for all interfaces.
# A lab needs none of it; if LXC is in use already, or the owner has decided otherwise, it is left alone.
if ! dpkg-query -W -f '${Status}' lxc 2>/dev/null | grep -q ' installed' && [ ! -e /etc/default/lxc-net ]; then
  printf '# No lxcbr0: vxlab, prepare.sh\nUSE_LXC_BRIDGE="false"\n' >/etc/default/lxc-net
fi
# Debian's frr would start a zebra of its own, but there can be one only, and the guest tools start theirs. If FRR is in use already, it is
# left alone, and the host cannot take part in EVPN.
case " $* " in
  *" frr "*)
    if [ -d /run/systemd/system ] && ! dpkg-query -W -f '${Status}' frr 2>/dev/null | grep -q ' installed'; then
      systemctl --quiet mask frr 2>/dev/null
    fi
    ;;
esac
# confold keeps that file, which belongs to the package lxc.
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold \
  openvswitch-switch lxc busybox-static iproute2 iputils-ping tcpdump nftables "$@" >/dev/null
if [ -d /run/systemd/system ]; then systemctl --quiet enable --now openvswitch-switch; fi
modprobe -a openvswitch vxlan veth
ovs-vsctl --timeout=60 --retry show >/dev/null
echo "ready: name this host in the settings, with its key $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)"
