#!/bin/sh
# Addresses, devices, routes, name servers and kernel settings of a host.
# shellcheck disable=SC2034,SC2154 # used by the files that follow; the variables come out of with_state, by eval

# addresses_of DEVICE: its addresses with prefix lengths, without link-local ones, separated by spaces. Sets: have
addresses_of() {
  local line
  if [ -n "${looked-}" ]; then
    if seen_of addresses "$1"; then have=$line; else have=; fi
  else
    have=$(ip -o address show dev "$1" scope global | awk '{ printf "%s%s", (NR > 1 ? " " : ""), $4 }')
  fi
}

# setting_of NAME: a kernel setting of one character, by its path below /proc/sys; empty if there is none. The exit code of `read` is
# ignored: it fails, since these files return only their first byte to a reader that reads byte by byte. Sets: have
setting_of() {
  have=
  { read -r have <"$SYSCTL/$1" || :; } 2>/dev/null
}

# plain TEXT...: fails unless the texts contain only characters of names and addresses, so that in flows, rules and configurations they
# cannot be read as anything else.
plain() {
  local text
  for text in "$@"; do
    case $text in *[!A-Za-z0-9_.:/@,-]*) fail "the desired state has text where a name or an address belongs: $text" ;; esac
  done
}

# iproute WORDS...: iproute2's `ip`. The shell of our image runs busybox's `ip`, which starts faster, but supports neither vxlan devices nor
# -batch.
iproute() { "$(iproute_path)" "$@"; }

iproute_path() { program_path ip; }

# program_path NAME: the path of the program, if busybox has an applet of the same name.
program_path() {
  local old="$IFS" folder
  IFS=:
  for folder in $PATH; do
    if [ -x "$folder/$1" ]; then printf %s "$folder/$1" && break; fi
  done
  IFS=$old
}

# device_down DEVICE: for guest drift: reports it if it is down. IFF_UP (linux/if.h)
device_down() {
  local flags
  [ -n "${looked-}" ] || return 0
  { read -r flags <"$NET/$1/flags" || flags=1; } 2>/dev/null
  [ $((flags & 1)) = 1 ] || fault - "the interface $1 is down"
}

# only_addresses DEVICE "ADDRESS...": gives the device exactly these addresses, with prefix lengths; link-local ones are left alone.
only_addresses() {
  local have want
  for have in $(ip -o address show dev "$1" scope global | awk '{print $4}'); do
    case " $2 " in *" $have "*) ;; *) ip address del "$have" dev "$1" ;; esac
  done
  for want in $2; do ip address replace "$want" dev "$1"; done
}

# device_of ADDRESS: the interface of this host that has it.
device_of() {
  ip -o address show | awk -v address="$1" '{ split($4, parts, "/") } parts[1] == address { print $2; found = 1; exit } END { exit !found }' ||
    fail "no interface of this host has the address $1"
}

# underlay_device LOCAL [PEER]: the interface that packets from this VTEP leave by. A VTEP may be on lo or on a dummy interface,
# so the route to a peer decides. If no peer is known, the default route decides for these two.
underlay_device() {
  local way='' family fallback
  if [ -n "${2:-}" ]; then
    way=$(ip -o route get "$2" from "$1" 2>/dev/null | route_device)
    if [ -n "$way" ]; then printf '%s\n' "$way" && return; fi
  fi
  # busybox: set -e does not reach into a command substitution.
  way=$(device_of "$1") || exit 1
  if is_stub "$way"; then
    case $1 in *:*) family=-6 ;; *) family=-4 ;; esac
    # busybox's ip shows other routes as well.
    fallback=$(ip -o "$family" route show default | grep '^default ' | route_device)
    [ -n "$fallback" ] || fail "the address $1 is on $way, and this host has no default route: no interface leads to the underlay"
    way=$fallback
  fi
  printf '%s\n' "$way"
}

# is_stub DEVICE: true if no packet can leave the host by it. IFF_LOOPBACK, or IFF_BROADCAST with IFF_NOARP, which is a dummy (linux/if.h).
is_stub() {
  local flags
  { read -r flags <"$NET/$1/flags" || flags=0; } 2>/dev/null
  [ "$1" = lo ] || [ $((flags & 0x8)) != 0 ] || [ $((flags & 0x82)) = 130 ]
}

# The interface of the first route on stdin; nothing for an address of this host ("local").
route_device() { awk 'NR == 1 && $1 != "local" { for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }'; }

# nameservers: the name servers of this host that its segments can use too. Only IPv4 passes the NAT; systemd-resolved's loopback address
# works on the host only, and the servers behind it are in a separate file.
nameservers() {
  cat "$RESOLV" /run/systemd/resolve/resolv.conf 2>/dev/null |
    awk '$1 == "nameserver" && $2 ~ /^[0-9.]+$/ && $2 !~ /^(0|127)\./ && !seen[$2]++ && n++ < 3 { print $2 }'
}

# tune NAME VALUE: sets a kernel setting, by its path below /proc/sys; its previous value is stored for untune.
tune() {
  local now file
  # Not `read`, which reads one byte at a time: these files return only the first one.
  now=$(cat "$SYSCTL/$1")
  [ "$now" != "$2" ] || return 0
  file=$STATE/tuned/$(printf %s "$1" | tr / ,)
  mkdir -p "$STATE/tuned"
  [ -e "$file" ] || printf '%s\n' "$now" >"$file"
  printf '%s\n' "$2" >"$SYSCTL/$1"
}

# untune [NAME]: restores the previous value; without a name, all of them.
untune() {
  local file at
  for file in "$STATE"/tuned/*; do
    [ -e "$file" ] || continue
    at=$(printf %s "${file##*/}" | tr , /)
    case ${1:-$at} in "$at") ;; *) continue ;; esac
    # The interface of the setting may be gone.
    [ ! -e "$SYSCTL/$at" ] || cat "$file" >"$SYSCTL/$at"
    rm -f "$file"
  done
}
