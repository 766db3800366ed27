#!/bin/sh
# Ports of the host that lead to a container (PublishedState): a veth pair into the container's network namespace, since the container need
# not be on a bridge on which the host has an address, and one nftables table. The table accepts packets for these ports and their answers.
# Connections that the container opens are dropped on the pair, with or without the host guard. IPv4 only.
# shellcheck disable=SC2034,SC2153,SC2154 # seen_of sets line; the variables come out of with_state, by eval

# The rules of each container, which are loaded with every new pair.
PUBLISHED=$STATE/published
# Its end in the container.
PUBLISHED_NIC=ports

# Called before a container starts, so that the rules are there before the pair.
published_begin() {
  local table
  nat_table "$id"
  [ -z "${was_published_device-}" ] || [ "$was_published_device" = "${published_device-}" ] || published_off "$was_published_device"
  [ -n "${published_device-}" ] || return 0
  published_plain
  published_alone
  command -v nft >/dev/null || fail "no nft on this host, which the ports of container $name need: apt-get install nftables"
  published_free
  mkdir -p "$PUBLISHED"
  published_forwards
  published_rules "$table" >"$PUBLISHED/$id.new"
  mv "$PUBLISHED/$id.new" "$PUBLISHED/$id"
  published_load "$id"
  nft_record "$table"
}

# Called for the running container.
published_again() {
  local state pid
  [ -n "${published_device-}" ] || return 0
  "${kind}_look"
  published_there || published_plug "$id" "$published_device" "$published_own" "$published_address"
}

published_plain() {
  local n=0 port to protocol
  plain "$published_device" "$published_own" "$published_address"
  while next_published; do
    plain "$port" "$to" "$protocol"
    case $protocol in tcp | udp) ;; *) fail "desired state holds no protocol: $protocol" ;; esac
  done
}

# next_published: port number n, which goes up; false after the last. Sets: n port to protocol
next_published() {
  [ "$n" -lt "${published_ports_count:-0}" ] || return 1
  eval "port=\$published_ports_${n}_port to=\$published_ports_${n}_to protocol=\$published_ports_${n}_protocol"
  n=$((n + 1))
}

published_alone() {
  local n=0 port to protocol
  shared container || return 0
  set --
  while next_published; do set -- "$@" "$port"; done
  alone "a port of this host for container $name" "choose another one (containers.$name.ports)" container 'published.ports.*.port' "$@"
}

# Fails if a program of the host listens on a new port, since it would become unreachable. Columns 2 and 4 of proc(5), net/tcp; 0A is
# LISTEN, 07 a UDP socket without a peer.
published_free() {
  local n=0 port to protocol taken
  while next_published; do
    ! grep -qs " $protocol dport $port dnat" "$PUBLISHED/$id" || continue
    taken=$(cat "$PROC/net/$protocol" "$PROC/net/${protocol}6" 2>/dev/null |
      awk -v at=":$(printf %04X "$port")" 'substr($2, length($2) - 4) == at && ($4 == "0A" || $4 == "07") { print "taken"; exit }')
    [ -z "$taken" ] || fail "$protocol port $port of this host is in use. Nothing was changed: choose another one (containers.$name.ports)"
  done
}

published_forwards() {
  local under
  under=$(underlay_device "$published_address") || exit 1
  tune "net/ipv4/conf/$under/forwarding" 1
}

# published_rules TABLE: the rules. They match an answer by its address too, so that it belongs to a connection of this pair. The table is
# created, deleted and created again in one transaction, which keeps connections.
published_rules() {
  local n=0 port to protocol under in='' out=''
  under=$(underlay_device "$published_address") || exit 1
  while next_published; do
    out="$out
    ip daddr $published_address $protocol dport $port dnat ip to $published_own:$to"
    in="$in
    iifname \"$under\" ip daddr $published_address $protocol dport $port dnat ip to $published_own:$to"
  done
  cat <<RULES
table inet $1
delete table inet $1
table inet $1 {
  chain prerouting {
    type nat hook prerouting priority -100$in
  }
  chain output {
    type nat hook output priority -100$out
  }
  chain postrouting {
    type nat hook postrouting priority 100
    oifname "$published_device" snat ip to $published_address
  }
  chain input {
    type filter hook input priority 0
    iifname "$published_device" ip saddr $published_own ct direction reply ct state established accept
    iifname "$published_device" drop
  }
  chain forward {
    type filter hook forward priority 0
    iifname "$published_device" ip saddr $published_own oifname "$under" ct direction reply ct state established accept
    iifname "$published_device" drop
    iifname "$under" ct status dnat accept
    oifname "$published_device" drop
$(published_shut)
  }
}
RULES
}

# If the host did not forward for that interface before, it forwards only what a rule redirects.
published_shut() {
  [ ! -e "$STATE/tuned/net,ipv4,conf,$under,forwarding" ] || echo "    iifname \"$under\" ct state new drop"
}

published_load() { nft -f "$PUBLISHED/$1" || fail "nft rejects the rules for ports of a container, see above"; }

# published_plug ID DEVICE OWN ADDRESS: makes the pair, with one end in the network namespace of the process pid. Only the pair leads the
# container to the host's address.
published_plug() {
  published_load "$1"
  [ ! -e "$NET/$2" ] || ip link del dev "$2"
  iproute link add "$2" type veth peer name "$PUBLISHED_NIC" netns "$pid"
  no_ipv6 "$2" ''
  printf '1\n' >"$SYSCTL/net/ipv4/conf/$2/forwarding"
  ip link set dev "$2" up
  nsenter -t "$pid" -n "$(iproute_path)" -batch - <<INSIDE
address add $3/32 dev $PUBLISHED_NIC
link set dev $PUBLISHED_NIC up
route replace $4/32 dev $PUBLISHED_NIC
INSIDE
  ip route replace "$3/32" dev "$2"
}

# published_lines: the data for LXC's hook (routing_wire).
published_lines() { [ -z "${published_device-}" ] || echo "publish $id $published_device $published_own $published_address"; }

published_is() {
  local line
  if [ -n "${looked-}" ]; then seen_of table "$1"; else nft list table inet "$1" >/dev/null 2>&1; fi
}

# published_inside COMMANDS: runs ip commands in the container's network namespace. On our own image busybox's `ip` takes a sixth of the
# time under emulation.
published_inside() {
  if [ -d "$TOOLS-init" ]; then nsenter -t "$pid" -n /bin/busybox sh -c "$1"; else nsenter -t "$pid" -n sh -c "$1"; fi
}

# True if the pair of the container, whose first process is pid, exists with its address and route.
published_there() {
  [ -e "$NET/$published_device" ] || return 1
  case $(published_inside "ip -o address show dev $PUBLISHED_NIC; ip route show dev $PUBLISHED_NIC" 2>/dev/null) in
    *" $published_own/32 "*"$published_address"*) ;;
    *) return 1 ;;
  esac
  case $(ip route show dev "$published_device" 2>/dev/null) in *"$published_own"*) ;; *) return 1 ;; esac
}

# published_off DEVICE: removes the pair, then the rules.
published_off() {
  local table
  [ -n "$1" ] || return 0
  nat_table "$id"
  [ ! -e "$NET/$1" ] || ip link del dev "$1"
  ! published_is "$table" || nft delete table inet "$table"
  nft_forget "$table"
  rm -f "$PUBLISHED/$id"
  rmdir "$PUBLISHED" 2>/dev/null || :
}

published_observed() {
  local table
  [ -n "${published_device-}" ] || return 0
  nat_table "$id"
  if ! published_is "$table" || ! published_there; then echo "word published"; fi
}

published_drift() { kept_each container published_drift_of; }

published_drift_of() {
  local table state pid line chain
  [ -n "${published_device-}" ] || return 0
  nat_table "$id"
  if ! published_is "$table"; then
    published_says "the nft table inet $table is missing: ports of the host do not lead there"
  elif ! nft_same "$table"; then
    published_says "the nft table inet $table is not as it was loaded"
  fi
  "${kind}_look"
  if [ "$state" = RUNNING ] && ! published_there; then
    published_says "its interface $PUBLISHED_NIC or the route to it is missing: ports of the host do not lead there"
  fi
  published_unled "$(underlay_device "$published_address")"
  published_unled "$published_device"
  if [ -n "${looked-}" ] && ! seen_of forwards nft; then return 0; fi
  published_closed | while read -r chain; do
    published_says "what comes for its ports is dropped by a chain of somebody else: nft list chain $chain"
  done
}

# published_closed: other programs' chains that drop these packets, FAMILY TABLE CHAIN, one a line.
published_closed() {
  nft -s list ruleset 2>/dev/null | LC_ALL=C awk -v device="$published_device" -v address="$published_own/32" "$FORWARD_AWK"
}

published_unled() {
  [ ! -e "$NET/$1" ] || [ "$(cat "$SYSCTL/net/ipv4/conf/$1/forwarding" 2>/dev/null)" = 1 ] ||
    published_says "net.ipv4.conf.$1.forwarding is not 1"
}

published_says() { printf '%s\t%s: %s\n' "$lab/$step" "$name" "$*"; }
