#!/bin/sh
# verify.sh: shows that OSPF has converged, that c1 reaches c3 by the cheaper segment, and that traffic takes the other one after r1's
# link to it fails, and returns when the link does. Uses `vxlab exec` of the package; VXLAB names another.
set -eu
vxlab=${VXLAB:-npx vxlab}
at() { name=$1 && shift && $vxlab exec "$name" -- "$@"; }
say() { printf '%s\n' "$*"; }

# within SECONDS WHAT COMMAND...
within() {
  tries=$1 what=$2
  shift 2
  until "$@"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { say "FAIL  $what" && exit 1; }
    sleep 1
  done
  say "ok    $what"
}

neighbours() { [ "$(at "$1" vtysh -d ospfd -c 'show ip ospf neighbor' 2>/dev/null | grep -c Full)" = "$2" ]; }
reaches() { at c1 ping -c 1 -W 2 10.20.3.10 >/dev/null 2>&1; }
# The next hop of r1 towards c3.
by() { at r1 /.vxlab/busybox ip route show 10.20.3.0/24 2>/dev/null | grep -q "dev $1"; }

for router in r1 r2 r3; do within 120 "$router has 4 OSPF neighbours" neighbours "$router" 4; done
within 60 "c1 reaches c3" reaches
within 60 "r1 sends to c3 by eth0, segment left" by eth0
at r1 /.vxlab/busybox ip link set dev eth0 down
within 60 "after the link failed, r1 sends by eth1, segment right" by eth1
within 30 "c1 reaches c3 again" reaches
at r1 /.vxlab/busybox ip link set dev eth0 up
within 120 "with the link back, r1 sends by eth0" by eth0
within 30 "c1 reaches c3" reaches
