#!/bin/sh
# A segment's service on one host: an interface of the host in the segment (an internal port of the bridge), for a gateway with NAT towards
# the underlay, and for dnsmasq.
# Desired state: components/service/thing.ts.
# shellcheck disable=SC2034,SC2153,SC2154 # seen_of sets line; the variables come out of with_state, by eval

SERVICES=$STATE/services

service_apply() {
  local own one number
  own=$(unquoted "$addresses")
  for one in $own $(unquoted "$closed"); do plain "$one"; done
  alone "the interface $device" "rename the segment in one of the two labs" service device "$device"
  plain "$device" "$mtu" "$local" "${dhcp_first-}" "${dhcp_last-}" "${dhcp_router-}" "${dhcp_mtu-}" "${dhcp_domain-}"
  [ "${was_device:-$device} ${was_bridge:-$bridge}" = "$device $bridge" ] || service_drop "$was_device"
  guard_apply service
  number=$(ofport_of "$device")
  vsctl --may-exist add-port "$bridge" "$device" \
    -- set port "$device" tag="${vlan:-0}" external_ids:vxlab-service="\"$id\"" \
    -- set interface "$device" type=internal mac="\"$mac\"" mtu_request="$mtu" \
    ${number:+"ofport_request=$number"} external_ids:vxlab-service="\"$id\""
  no_ipv6 "$device" "$own"
  only_addresses "$device" "$own"
  ip link set dev "$device" up
  # The bridge's own interface is in the untagged segment too. By default Linux answers ARP on it for every address of the host, and packets
  # to its MAC would not be forwarded.
  printf '1\n' >"$SYSCTL/net/ipv4/conf/$bridge/arp_ignore"
  if [ "$nat${nat6-}" != false ]; then nat_on; else nat_off; fi
  if [ -n "${dhcp_first-}${nat6-}" ]; then dhcp_on; else dhcp_off; fi
  made service "$SERVICES/$id/dnsmasq.conf" "$SYSCTL/net/ipv4/conf/$bridge/arp_ignore"
  keep service
  ways stations
  nat_rest
  answer
}

# Fields that no device has (the VTEP, and what is closed to a gateway) are answered as wanted.
service_observe() {
  [ -e "$NET/$device" ] || { absent && return; }
  service_found | observed
}

# Starts as few programs as it can, for guest drift.
service_found() {
  local on have is=false is6=false
  [ -e "$NET/$device" ] || { echo gone && return; }
  device_down "$device"
  bridge_of "$device"
  echo "text bridge $on"
  read -r have <"$NET/$device/address"
  echo "text mac $have"
  read -r have <"$NET/$device/mtu"
  echo "word mtu $have"
  tag_of "$device"
  echo "tag vlan $have"
  addresses_of "$device"
  echo "list addresses $have"
  ! nat_is || is=true
  if [ "$is" = true ] && dhcp_pid dnsmasq >/dev/null; then is6=true; fi
  [ "$nat${nat6-}" != falsetrue ] || is=false
  echo "word nat $is"
  [ -z "${nat6-}" ] || echo "word nat6 $is6"
  dhcp_observed
}

service_remove() {
  # The step may have been refused because another lab uses the device's name: then this lab has nothing here.
  [ -n "$(elsewhere service device "$device")" ] || service_drop "$device"
  forget service
  ways stations
  nat_rest
  guard_apply
  leave
  answer
}

service_drop() {
  dhcp_off
  nat_off
  vsctl --if-exists del-port "$1"
}

# nat_table ID: the name of its table, one for each service. nft allows only the letters, digits and _ of an id.
# Starts no program. Sets: table
nat_table() {
  local rest="$1" part
  table=vxlab_
  while :; do
    part=${rest%%[_.-]*}
    table=$table$part
    [ "$part" != "$rest" ] || return 0
    rest=${rest#"$part"}
    case $rest in _*) table=${table}_u ;; -*) table=${table}_d ;; *) table=${table}_p ;; esac
    rest=${rest#?}
  done
}

# The group of IPv6 gateways' interfaces (ip-link(8), group), which rules match, since IPv6 forwarding is one switch for the whole host.
GATEWAYS6=24294

# The host forwards packets from the segment and their answers, nothing else: nothing from one segment to another, and no new connections
# from the underlay, unless it did so before. IPv4 forwarding is switched on for these two interfaces alone.
nat_on() {
  local under shut='' masked='' inside='' inside6='' one table
  command -v nft >/dev/null || fail "no nft on this host: apt-get install nftables"
  under=$(underlay_device "$local")
  for one in $own; do
    case $one in *:*) inside6=$one ;; *) inside=$one ;; esac
  done
  [ "$nat" = false ] || nat_four
  [ -z "${nat6-}" ] || nat_six
  nat_table "$id"
  # Created, deleted and created again in one transaction: this replaces the table, and keeps connections.
  nft -f - <<RULES
table inet $table
delete table inet $table
table inet $table {
  chain forward {
    type filter hook forward priority filter
    iifname "$device" oifname != "$under" drop
    oifname "$device" iifname != "$under" drop
    $shut
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    $masked
  }
}
RULES
  nft_record "$table"
  [ "$nat" = false ] || nat_warn
}

# Sets: masked shut
nat_four() {
  [ -n "$inside" ] || fail "$device has no IPv4 address, which NAT needs"
  tune "net/ipv4/conf/$under/forwarding" 1
  [ ! -e "$STATE/tuned/net,ipv4,conf,$under,forwarding" ] || shut="iifname \"$under\" ct status dnat accept
    iifname \"$under\" ct state new drop"
  printf '1\n' >"$SYSCTL/net/ipv4/conf/$device/forwarding"
  masked="oifname \"$under\" ip saddr $inside masquerade"
}

# A host that was not an IPv6 router routes for its gateways only. A router ignores router advertisements by default, and the host may have
# its own default route from these (ip-sysctl, accept_ra). Sets: masked shut
nat_six() {
  local one all=net/ipv6/conf/all/forwarding
  [ -n "$inside6" ] || fail "$device has no IPv6 address, which IPv6 NAT needs"
  masked="$masked
    oifname \"$under\" ip6 saddr $inside6 masquerade"
  iproute link set dev "$device" group "$GATEWAYS6"
  if [ "$(cat "$SYSCTL/$all")" = 0 ]; then
    for one in "$SYSCTL"/net/ipv6/conf/*/accept_ra; do
      [ "$(cat "$one")" != 1 ] || tune "${one#"$SYSCTL/"}" 2
    done
    tune "$all" 1
  fi
  [ -e "$STATE/tuned/net,ipv6,conf,all,forwarding" ] || return 0
  shut="$shut
    meta nfproto ipv6 iifname \"$under\" ct state new drop
    meta nfproto ipv6 iifname != \"$under\" oifname != \"$under\" drop
    meta nfproto ipv6 oifname \"$under\" iifgroup != $GATEWAYS6 drop"
}

# Our own image has no other program with rules.
nat_warn() {
  local closed_by
  [ ! -d "$TOOLS-init" ] || return 0
  closed_by=$(nat_closed "$inside" | tr '\n' ',' | sed 's/,$//')
  [ -z "$closed_by" ] ||
    printf 'vxlab: packets that %s forwards are dropped by other rules of this host: nft chain %s. Accept there packets from and to %s\n' \
      "$device" "$closed_by" "$device" >&2
}

nat_off() {
  local table
  nat_table "$id"
  ! nat_is || nft delete table inet "$table"
  nft_forget "$table"
  [ ! -e "$SYSCTL/net/ipv4/conf/$device" ] || printf '0\n' >"$SYSCTL/net/ipv4/conf/$device/forwarding"
}

# nat_is: true if its table exists.
nat_is() {
  local table line
  nat_table "$id"
  if [ -n "${looked-}" ]; then seen_of table "$table"; else nft list table inet "$table" >/dev/null 2>&1; fi
}

# After its last gateway is removed, the host is no longer a router.
nat_rest() {
  [ -d "$STATE/tuned" ] || return 0
  nat_rest_of nat net,ipv4,conf,*,forwarding
  nat_rest_of nat6 net,ipv6,conf,all,forwarding
  nat_rest_of nat6 net,ipv6,conf,*,accept_ra
}

# nat_rest_of FIELD PATTERN: restores these kernel settings once no service has the field and, for IPv4, no container has a published port.
nat_rest_of() {
  local file leads=
  for file in "$STATE"/tuned/$2; do
    [ -e "$file" ] || return 0
    [ -n "$leads" ] || leads=" $(kept service "$1" | tr '\n' ' ') "
    case $leads in *" true "*) return 0 ;; esac
    [ "$1" != nat ] || ! kept container published.device | grep -qv ' -$' || return 0
    untune "$(printf %s "${file##*/}" | tr , /)"
  done
}
