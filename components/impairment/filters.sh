#!/bin/sh
# The filters that redirect packets through the device of a place: how they are added, and removed without losing packets.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state and next_place, by eval

# impair_file TEXT: writes the device's file of filters. A changed text means other filters.
impair_file() {
  local said on hook found
  if [ -e "$IMPAIRED/$device" ]; then
    said=$(cat "$IMPAIRED/$device")
    [ "$said" != "$1" ] || return 0
    { read -r on hook _; } <"$IMPAIRED/$device"
    case $1 in "$on $hook "*) ;; *) impair_away ;; esac
  fi
  rm -f "$IMPAIRED/$device.as"
  printf '%s\n' "$1" >"$IMPAIRED/$device.new"
  mv "$IMPAIRED/$device.new" "$IMPAIRED/$device"
}

# The filters of this place, in tc's syntax. Their preferences put filters for one VNI before those for all.
impair_filters() {
  local n=0 address udpPort vni pref=5607
  if [ -n "$veth" ]; then
    # Different for each direction: with the same preference, tc would list the tables of both together (u32_walk in net/sched/cls_u32.c).
    [ "$hook" = ingress ] || pref=5608
    if [ -n "$vlan" ]; then echo "protocol 802.1Q pref VLAN flower vlan_id $vlan"; else echo "protocol all pref $pref u32 match u32 0 0"; fi
    return 0
  fi
  while next_packets; do impair_match; done
}

# impair_match: a filter for tunnel packets. Offsets are from the IP header, which has no options or extensions here; a VNI is in the
# second word after UDP's header, in VXLAN (RFC 7348 section 5) and in GENEVE (RFC 8926 section 3.4).
impair_match() {
  local family=ip match=ip bits=32 at=32 pref=5603
  case $address in *:*) family=ipv6 match=ip6 bits=128 at=52 pref=5604 ;; esac
  set -- match "$match" dst "$address/$bits"
  if [ "$family" = ip ]; then set -- "$@" match ip protocol 17 0xff; else set -- "$@" match ip6 protocol 17 0xff; fi
  set -- "$@" match "$match" dport "$udpPort" 0xffff
  [ -z "$vni" ] || { pref=$((pref - 2)) && set -- "$@" match u32 "$(printf '0x%06x00' "$vni")" 0xffffff00 at "$at"; }
  echo "protocol $family pref $pref u32 $*"
}

# Removes devices of this step that are no longer wanted.
impair_gone() {
  local wanted=' ' file owner
  eval "$PLACE"
  while next_place; do wanted="$wanted$device "; done
  for file in "$IMPAIRED"/*; do
    case $file in *.as | *.since | *.hook | *.new | *'*') continue ;; esac
    read -r _ _ owner <"$file"
    device=${file##*/}
    case $owner,$wanted in "$id",*" $device "*) ;; "$id",*) impair_drop ;; esac
  done
}

# First the filters, since packets that are redirected to a missing device are lost.
impair_drop() {
  local on hook found
  { read -r on hook _; } <"$IMPAIRED/$device"
  impair_away
  if [ -e "$NET/$device" ]; then
    impair_drain
    ip link del dev "$device"
  fi
  rm -f "$IMPAIRED/$device" "$IMPAIRED/$device.as" "$IMPAIRED/$device.since"
  rmdir "$IMPAIRED" 2>/dev/null || :
}

# Removes the filters from an interface, and its clsact if vxlab added it and nothing uses it. Sets: found
impair_away() {
  [ -e "$NET/$on" ] || { rm -f "$IMPAIRED/$on.hook" && return 0; }
  found=$(impair_found)
  impair_delete
  [ "$(cat "$IMPAIRED/$on.hook" 2>/dev/null)" = "$(cat "$PROC/sys/kernel/random/boot_id" 2>/dev/null)" ] || return 0
  [ -z "$(tc filter show dev "$on" ingress)$(tc filter show dev "$on" egress)" ] || return 0
  tc qdisc del dev "$on" clsact
  rm -f "$IMPAIRED/$on.hook"
}

# Waits until the packets in the queue have been delivered.
impair_drain() {
  local tries="$DRAINS"
  while [ "$tries" -gt 0 ]; do
    case $(tc -s qdisc show dev "$device") in *"backlog 0b 0p"*) return 0 ;; esac
    tries=$((tries - 1))
    sleep 0.1
  done
}
