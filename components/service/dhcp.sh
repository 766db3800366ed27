#!/bin/sh
# The DHCP server of a segment and the router advertisements of its IPv6 gateway: dnsmasq, with its configuration and leases.
# shellcheck disable=SC2153,SC2154 # the variables come out of with_state, by eval

# The range that dnsmasq lends, read from its configuration.
dhcp_observed() {
  # For an IPv6 gateway only, dnsmasq lends nothing.
  if [ -z "${dhcp_first-}" ] && [ -n "${nat6-}" ]; then echo "word dhcp" && return; fi
  dhcp_pid dnsmasq >/dev/null || { echo "word dhcp" && return; }
  [ -n "${dhcp_first-}" ] || { echo "text dhcp somebody" && return; }
  awk -F '[=,]' '
    $1 == "dhcp-range" { print "text dhcp.first " $2; print "text dhcp.last " $3 }
    $2 == "option:mtu" { print "word dhcp.mtu " $3 }
    $2 == "option:router" { print "text dhcp.router " $3 }
    $1 == "domain" { domain = $2 }
    END { print "text dhcp.domain " domain }' "$SERVICES/$id/dnsmasq.conf"
}

# dnsmasq, and a loop that restarts it when it ends. Leases survive a restart and a reboot.
dhcp_on() {
  local dir="$SERVICES/$id" tries=100 index was
  command -v dnsmasq >/dev/null || fail "no dnsmasq on this host: apt-get install dnsmasq-base"
  mkdir -p "$dir"
  dhcp_config >"$dir/dnsmasq.new"
  # Its socket is bound to the device (bind-interfaces), so a recreated device of the same name needs a restart.
  { read -r index <"$NET/$device/ifindex"; } 2>/dev/null || index=
  { read -r was <"$dir/ifindex"; } 2>/dev/null || was=
  if ! cmp -s "$dir/dnsmasq.new" "$dir/dnsmasq.conf" || [ "$was" != "$index" ]; then
    mv "$dir/dnsmasq.new" "$dir/dnsmasq.conf"
    printf '%s\n' "$index" >"$dir/ifindex"
    dhcp_end dnsmasq # the loop restarts it with the new configuration
  fi
  rm -f "$dir/dnsmasq.new"
  # 9>&-: the loop keeps running and would hold the lock.
  if ! dhcp_pid loop >/dev/null; then
    setsid "$TOOLS/guest" serve "$id" </dev/null >>"$dir/log" 2>&1 9>&- &
    echo $! >"$dir/loop.pid"
  fi
  until [ "$(dhcp_is)" = true ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || fail "dnsmasq does not start: $(tail -n 3 "$dir/log" | tr '\n' ' ')"
    sleep 0.1
  done
}

# port=0: no DNS.
dhcp_config() {
  cat <<CONFIG
port=0
interface=$device
except-interface=lo
bind-interfaces
CONFIG
  [ -z "${dhcp_first-}" ] || dhcp_four
  [ -z "${nat6-}" ] || dhcp_six
  cat <<CONFIG
dhcp-leasefile=$dir/leases
pid-file=$dir/dnsmasq.pid
user=$(if grep -qs '^dnsmasq:' /etc/passwd; then echo dnsmasq; else echo nobody; fi)
log-facility=-
CONFIG
  [ -z "${dhcp_domain-}" ] || echo "domain=$dhcp_domain"
}

# Router advertisements with the prefix. static: no DHCPv6 leases, and no addresses that containers compute themselves (RFC 4862 section
# 5.5.3), which port security would block.
dhcp_six() {
  local one
  for one in $own; do
    case $one in *:*) echo "dhcp-range=${one%/*},static,${one#*/},infinite" ;; esac
  done
  echo enable-ra
  # Sent every minute; a router that is silent for five minutes is dropped.
  echo "ra-param=$device,60,300"
}

# no-ping: the plan assigns no other address of the range, so none needs to be tested.
dhcp_four() {
  local one bits servers=
  for one in $own; do
    case $one in *:*) ;; *) bits=${one#*/} ;; esac
  done
  # If this host is the gateway, leases contain its name servers. A host that is booting may not have them yet.
  if [ "$nat" = true ]; then
    for one in $(nameservers); do servers=$servers,$one; done
    [ -n "$servers" ] || servers=$(sed -n 's/^dhcp-option=option:dns-server//p' "$dir/dnsmasq.conf" 2>/dev/null) || :
  fi
  cat <<CONFIG
no-ping
dhcp-authoritative
dhcp-range=$dhcp_first,$dhcp_last,$(netmask "$bits"),12h
dhcp-option=option:mtu,$dhcp_mtu
dhcp-option=option:router${dhcp_router:+,$dhcp_router}
dhcp-option=option:dns-server$servers
CONFIG
}

# netmask BITS: 24 is 255.255.255.0.
netmask() {
  local left="$1" mask='' part
  for _ in 1 2 3 4; do
    part=$((left > 8 ? 8 : left))
    mask=$mask.$((256 - (1 << (8 - part))))
    left=$((left - part))
  done
  echo "${mask#.}"
}

# guest serve ID: the loop.
serve() {
  local dir="$SERVICES/$1"
  while [ -e "$dir/dnsmasq.conf" ]; do
    dnsmasq --keep-in-foreground --conf-file="$dir/dnsmasq.conf" || echo "dnsmasq ended with $?"
    sleep 1
  done
}

dhcp_off() {
  local dir="$SERVICES/$id"
  [ -d "$dir" ] || return 0
  rm -f "$dir/dnsmasq.conf"
  dhcp_end loop
  dhcp_end dnsmasq
  rm -rf "$dir"
  rmdir "$SERVICES" 2>/dev/null || :
}

dhcp_is() { if dhcp_pid dnsmasq >/dev/null; then echo true; else echo false; fi; }

# dhcp_pid loop|dnsmasq: its process id. After a reboot another process may have the number, so the command line is checked.
dhcp_pid() {
  local pid words=
  read -r pid <"$SERVICES/$id/$1.pid" || return 1
  # `read` leaves out what ends each word, NUL, and starts no program.
  [ -e "/proc/$pid/cmdline" ] || return 1
  read -r words <"/proc/$pid/cmdline" || :
  case $1,$words in loop,*"guestserve$id" | dnsmasq,*"/services/$id/dnsmasq.conf"*) echo "$pid" ;; *) return 1 ;; esac
} 2>/dev/null

dhcp_end() {
  local pid
  pid=$(dhcp_pid "$1") || return 0
  kill "$pid" 2>/dev/null || :
}
