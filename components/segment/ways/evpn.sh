#!/bin/sh
# EVPN: a Linux bridge joins the kernel's vxlan device to an internal port of the host's bridge. FRR (components/router/guest.sh) announces
# the VNI and its stations to the other hosts, and fills the flood list, forwarding table and neighbours with what it learns. The Linux
# bridge is required: FRR accepts only a vxlan device that is a port of one.
# shellcheck disable=SC2034,SC2154 # some are read by what is called; the variables come out of with_state, by eval

STATIONS_AWK='@stations.awk@'
KNOWN_AWK='@known.awk@'
# With this kernel setting, the host owner's packet filter would see frames on a Linux bridge.
EVPN_FILTER=net/bridge/bridge-nf-call-iptables

# Sets: gone first
evpn_apply() {
  local device="$devices_tunnel" inner="$devices_bridge" port="$devices_port" made was
  # The device's alias (kernel.sh).
  made="vxlab-evpn $id $vni $local $udpPort"
  port_clear " $port "
  was=$(cat "$NET/$device/ifalias" 2>/dev/null) || :
  case $was in "vxlab-evpn $id "*) ;; *) evpn_free ;; esac
  if [ "$was" != "$made" ] || [ ! -e "$NET/$inner" ]; then
    gone="$gone -- --if-exists del-port $port"
    eval "vsctl ${gone# -- }"
    gone=
    [ -z "$was" ] || first=false
    evpn_drop
    evpn_devices
  fi
  eval "set -- $gone"
  vsctl --may-exist add-port "$bridge" "$port" \
    -- set port "$port" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$port" type=internal mtu_request="$mtu" external_ids:vxlab-port="\"$id\"" "$@"
  no_ipv6 "$port" ""
  evpn_quiet
  iproute -batch - <<LINKS
link set dev $device mtu $mtu master $inner
link set dev $port master $inner
link set dev $inner mtu $mtu
link set dev $port up
link set dev $device up
link set dev $inner up
LINKS
  bridge link set dev "$device" learning off neigh_suppress on
  evpn_filter
  evpn_stations_of
}

# Fails, before anything is changed, if another owner uses one of the names.
evpn_free() {
  local name
  for name in "$device" "$inner"; do
    [ ! -e "$NET/$name" ] || fail "$name is an interface of this host that is not this lab's. Nothing was changed here: write another vni"
  done
}

# ageing_time: as long as Open vSwitch remembers a MAC.
evpn_devices() {
  iproute -batch - <<LINKS
link add $inner type bridge stp_state 0 mcast_snooping 0 ageing_time 30000
link add $device type $encapsulation id $vni local $local dstport $udpPort nolearning
link set dev $device alias "$made"
link set dev $inner alias "$made"
LINKS
  no_ipv6 "$device" ""
  kernel_up
}

# The host itself must not be in the segment: the device has no address, not even a link-local one (addr_gen_mode 1: none), and does not
# answer ARP for addresses of other interfaces (arp_ignore 8). IPv6 is on: otherwise the kernel accepts no IPv6 neighbours on it, and would
# flood.
evpn_quiet() {
  local ipv6="$SYSCTL/net/ipv6/conf/$devices_bridge"
  [ ! -e "$SYSCTL/net/ipv4/conf/$devices_bridge" ] || echo 8 >"$SYSCTL/net/ipv4/conf/$devices_bridge/arp_ignore"
  [ -e "$ipv6" ] || return 0
  echo 1 >"$ipv6/addr_gen_mode"
  echo 0 >"$ipv6/disable_ipv6"
}

# On our own image nothing needs a filter for a Linux bridge's frames; elsewhere it is the owner's decision (check.sh, evpn_drift).
evpn_filter() {
  if [ -d "$TOOLS-init" ] && [ "$(evpn_filtered)" = 1 ]; then tune "$EVPN_FILTER" 0; fi
}

evpn_filtered() { cat "$SYSCTL/$EVPN_FILTER" 2>/dev/null || echo 0; }

# Every kernel device that this step has made.
evpn_drop() {
  local device
  ! "${first:-false}" || return 0
  for device in $(kernel_made vxlab-evpn); do ip link del dev "$device"; done
}

# Once the host has no such segment, the setting gets its previous value.
evpn_rest() {
  [ -e "$STATE/tuned/net,bridge,bridge-nf-call-iptables" ] || return 0
  case " $(kept port flooding | tr '\n' ' ') " in *" evpn "*) ;; *) untune "$EVPN_FILTER" ;; esac
}

evpn_bridged() { echo "$devices_bridge"; }

evpn_senders() {
  local one list=
  for one in $(unquoted "${senders-}"); do
    plain "$one"
    list="$list $one"
  done
  echo "${list:-any}"
}

# On a host without an EVPN segment it only checks one folder.
evpn_stations() {
  local file way
  evpn_here || return 0
  kept port flooding | while read -r file _ _ way; do
    [ "$way" != evpn ] || with_kept "$file" evpn_stations_of </dev/null
  done
}

evpn_here() {
  local device
  for device in "$NET"/ve[0-9]*; do
    [ ! -e "$device" ] || return 0
  done
  return 1
}

# Static entries for this host's own stations: FRR announces them to the other hosts, which then know a container that has never sent a
# frame. Entries of stations that are on another host now are removed, since FRR would still announce them.
evpn_stations_of() {
  local changes
  evpn_quiet
  changes=$(evpn_changes)
  [ -z "$changes" ] || printf '%s\n' "$changes" | evpn_change
}

evpn_change() {
  local tool words word
  while read -r tool words; do
    set --
    for word in $words; do set -- "$@" "$word"; done
    case $tool in fdb) bridge fdb "$@" ;; neigh) iproute neigh "$@" ;; esac ||
      fail "an entry of $devices_bridge cannot be set, see above: $tool $words"
  done
}

# evpn_changes: the commands that must still run, "fdb replace …" and "neigh replace …", one a line.
evpn_changes() {
  {
    evpn_known
    echo "== fdb"
    bridge fdb show dev "$devices_port" 2>/dev/null
    echo "== neigh"
    iproute neigh show dev "$devices_bridge" nud permanent 2>/dev/null
  } | LC_ALL=C awk -v port="$devices_port" -v inner="$devices_bridge" "$STATIONS_AWK"
}

# The stations of this host, a line each: MAC ADDRESS...
evpn_known() {
  local file
  set -- /dev/null
  for file in "$STATE"/desired/container-*.json "$STATE"/desired/service-*.json "$STATE"/desired/bridge-*.json; do
    [ ! -e "$file" ] || set -- "$@" "$file"
  done
  LC_ALL=C awk -v bridge="$bridge" -v vlan="${vlan:-}" "$JSON_AWK $KNOWN_AWK" "$@"
}

evpn_drift() {
  local about="$lab/$step" name
  for name in "$devices_tunnel" "$devices_port"; do
    [ -e "$NET/$name" ] || { evpn_says "$name is missing" && return; }
    if ! [ -e "$NET/$name/brport" ] || [ "$(evpn_master "$name")" != "$devices_bridge" ]; then
      evpn_says "$name is not a port of $devices_bridge"
    fi
    [ $(($(cat "$NET/$name/flags") & 1)) = 1 ] || evpn_says "$name is down"
  done
  [ "$(cat "$NET/$devices_tunnel/brport/neigh_suppress" 2>/dev/null || echo 1)" = 1 ] ||
    evpn_says "$devices_tunnel does not answer ARP itself (neigh_suppress is off)"
  [ "$(cat "$NET/$devices_tunnel/brport/learning" 2>/dev/null || echo 0)" = 0 ] ||
    evpn_says "$devices_tunnel learns MACs of its own accord"
  for name in $(ip -o address show dev "$devices_bridge" | awk '{ print $4 }'); do
    evpn_says "has the address $name: this host is in the segment"
  done
  [ "$(evpn_filtered)" = 0 ] ||
    evpn_says "$EVPN_FILTER is 1: this host's packet filter judges the segment's frames; sysctl -w net.bridge.bridge-nf-call-iptables=0 keeps it out"
  evpn_changes | while read -r name; do evpn_says "stations are not as planned: $name"; done
}

evpn_master() {
  local master
  master=$(readlink "$NET/$1/master") && echo "${master##*/}"
}

evpn_says() { printf '%s\t%s: %s\n' "$about" "$devices_bridge" "$*"; }

evpn_observe() {
  kernel_seen | port_awk '
    function way(   port) {
      port = wanted["devices.port"]
      kernel()
      print "tag vlan " tag[port]
      print "text devices.bridge " value["master"]
      if (device == "") print "text devices.tunnel"
      if (!(port in type)) print "text devices.port"
    }
  '
}
