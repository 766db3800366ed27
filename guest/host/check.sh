#!/bin/sh
# check.sh MTU VTEP "NEED...": checks whether an existing host can carry a lab; changes nothing there.
#   MTU    largest packet that the VTEP's interface has to take, bytes
#   NEED   gateway, dhcp, multicast, flow, frr, docker, guard, wireguard: what is put there beside bridges, unicast tunnels and LXC
#          to:ADDRESS: another VTEP, to which there will be tunnels
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
[ "$(id -u)" = 0 ] || {
  echo "vxlab: $(id -un) is not root on this host, and steps need root. Set user: root and root's key." >&2
  exit 1
}
lacks='' more='' peers='' without='' frr=''
for tool in ovs-vsctl:openvswitch-switch ovs-ofctl:openvswitch-common lxc-start:lxc busybox:busybox-static tcpdump:tcpdump ip:iproute2 awk:mawk flock:util-linux; do
  command -v "${tool%%:*}" >/dev/null || lacks="$lacks${tool#*:}, "
done
for need in $3; do
  case $need in
    gateway) tool=nft:nftables ;;
    dhcp) tool=dnsmasq:dnsmasq-base ;;
    flow) continue ;; # ovs-ofctl, which every host has
    frr)
      frr=${VXLAB_FRR:-/usr/lib/frr}
      if [ ! -x "$frr/zebra" ] || [ ! -x "$frr/bgpd" ]; then lacks="${lacks}frr, " more="$more frr"; fi
      continue
      ;;
    docker) tool=docker:docker.io ;;
    to:*)
      peers="$peers ${need#to:}"
      continue
      ;;
    multicast | geneve | wireguard)
      module=$need
      [ "$need" != multicast ] || module=vxlan
      # A module can be built in, loaded, or available to be loaded.
      [ -d "/sys/module/$module" ] || modprobe -n -q "$module" || lacks="${lacks}the kernel's module $module, "
      [ "$need" = wireguard ] || continue
      tool=wg:wireguard-tools
      ;;
    guard)
      command -v nft >/dev/null || without="the host guard needs nftables; hosts.<name>.guard: false does without it"
      tool=nft:nftables
      ;;
  esac
  # A gateway and the guard need the same.
  case $lacks in *"${tool#*:}, "*) continue ;; esac
  command -v "${tool%%:*}" >/dev/null || lacks="$lacks${tool#*:}, " more="$more ${tool#*:}"
done
if command -v ovs-vsctl >/dev/null && ! ovs-vsctl --timeout=60 --retry show >/dev/null 2>&1; then
  lacks="${lacks}a running Open vSwitch, "
fi
# Not an apt-get command: Debian's lxc starts a bridge with NAT by default, which prepare.sh prevents.
[ -z "$lacks" ] || {
  echo "vxlab: this host lacks ${lacks%, }. Nothing was changed. On Debian this installs and starts what is missing:" >&2
  echo "vxlab:   ssh root@HOST sh -s$more <prepare.sh   (guest/host/prepare.sh; node_modules/vxlab/dist/guest/host/prepare.sh)" >&2
  [ -z "$without" ] || echo "vxlab: $without" >&2
  exit 1
}
# Two routers in one network namespace would change each other's routes. vxlab's own has its name in its arguments.
for file in ${frr:+"${VXLAB_PROC:-/proc}"/[0-9]*/comm}; do
  name=$(cat "$file" 2>/dev/null) || continue
  case $name in zebra | bgpd) ;; *) continue ;; esac
  case $(tr '\0' ' ' <"${file%comm}cmdline" 2>/dev/null) in *" -N vxlab "*) continue ;; esac
  echo "vxlab: $name runs on this host and is its owner's: a host can have one only. Nothing was changed there." >&2
  echo "vxlab: if nobody needs it, systemctl disable --now frr; else take the host out of segments with flooding: evpn (segments.<name>.hosts)" >&2
  exit 1
done
# Frames of an EVPN segment cross a Linux bridge.
if [ -n "$frr" ] && [ "$(cat "${VXLAB_SYSCTL:-/proc/sys}/net/bridge/bridge-nf-call-iptables" 2>/dev/null)" = 1 ]; then
  echo "vxlab: net.bridge.bridge-nf-call-iptables is 1 on this host: its packet filter would judge the frames of EVPN segments. Nothing was changed there." >&2
  echo "vxlab: if nobody needs it (Docker and Kubernetes do), sysctl -w net.bridge.bridge-nf-call-iptables=0; else write flooding: unicast or flow" >&2
  exit 1
fi
# The source of a tunnel must be an address of this host: Open vSwitch accepts any other address, and sends nothing.
device=$(ip -o address show to "$2" 2>/dev/null | awk '{ print $2; exit }')
[ -n "$device" ] || {
  echo "vxlab: no interface of this host has $2, the address of its VTEP. It has:" >&2
  ip -o address show scope global | awk '{ print "vxlab:   " $4 " on " $2 }' >&2
  echo "vxlab: set address to one of these. If SSH listens on another address, set sshAddress to that one." >&2
  exit 1
}
# A VTEP may be on lo, whose MTU does not matter: the MTU counts of the interfaces by which the routes to the other VTEPs leave. If none is
# known, it is the VTEP's interface, or, for a VTEP on lo, the default route's. As underlay_device in network.sh.
route_device() { awk 'NR == 1 && $1 != "local" { for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }'; }
devices=
for peer in $peers; do
  way=$(ip -o route get "$peer" from "$2" 2>/dev/null | route_device)
  case " $devices " in *" $way "*) ;; *) devices="$devices $way" ;; esac
done
if [ -z "$devices" ] && [ "$device" = lo ]; then
  case $2 in *:*) family=-6 ;; *) family=-4 ;; esac
  devices=$(ip -o "$family" route show default | grep '^default ' | route_device)
  [ -n "$devices" ] || devices=$(ip -o link show | awk -F ': ' '$2 != "lo" { sub(/@.*/, "", $2); print $2 }')
fi
for device in ${devices:-$device}; do
  # Larger packets are dropped silently in both directions: short pings work, connections hang.
  mtu=$(ip -o link show dev "$device" | awk '{ for (i = 1; i < NF; i++) if ($i == "mtu") print $(i + 1) }')
  [ "$mtu" -ge "$1" ] || {
    # The plan refuses an underlay with a smaller MTU.
    smaller="set underlay.mtu: $mtu, or "
    # shellcheck disable=SC2170 # a number once render.ts has filled it in
    [ "$mtu" -ge @MIN_MTU@ ] || smaller=
    echo "vxlab: $device, which leads to the underlay of the VTEP $2, has an MTU of $mtu bytes, and the lab sends packets of $1. Nothing was changed." >&2
    echo "vxlab: ${smaller}if the network to the other hosts carries $1 bytes: ip link set dev $device mtu $1 (and in what sets it at boot)" >&2
    exit 1
  }
done
echo '{"ready":true}'
