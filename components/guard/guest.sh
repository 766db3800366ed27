#!/bin/sh
# The host guard, an nftables table (docs/security.md): it keeps segments apart from this host and from the underlay, and accepts
# VXLAN packets from a segment's peers only. One table covers all labs on this host. Each bridge, encryption, port and service has a fragment,
# and guard.awk renders the rules from all fragments: parsing every desired state again would take awk seconds under emulation.
# shellcheck disable=SC2034,SC2154 # the variables come out of assign, by eval

GUARD_AWK='@guard.awk@'
JUDGE_AWK='@judge.awk@'
HOPS_AWK='@hops.awk@'
GUARD=$STATE/guard
GUARD_TABLE=vxlab_guard
# The file that nft loads, now and at boot before Open vSwitch starts.
GUARD_RULES=$STATE/guard.nft
# Version of the fragments' format: fragments of older tools are rewritten.
GUARD_FORM=3
GUARD_UNIT=/etc/systemd/system/vxlab-guard.service

# guard_apply [KIND]: loads the table. With KIND it includes the step that is about to change the host and whose desired state has
# been read; without, it is called after a removal.
guard_apply() {
  local about="${1:+$1-$id}" rules
  [ -d "$GUARD" ] || mkdir -p "$GUARD"
  [ -z "$about" ] || guard_fragment "$1" "$about"
  guard_rest
  rules=$(guard_rules)
  if [ -z "$rules" ]; then
    guard_off
    return
  fi
  if ! command -v nft >/dev/null; then
    guard_fail "this host has no nft, which the host guard needs: apt-get install nftables, or set hosts.<name>.guard: false"
    return
  fi
  # Another program may have flushed or changed it.
  if [ -e "$GUARD_RULES" ] && [ "$rules" = "$(cat "$GUARD_RULES")" ] && guard_same; then return; fi
  printf '%s\n' "$rules" >"$GUARD_RULES.new"
  guard_modules
  if ! nft -f "$GUARD_RULES.new"; then
    guard_fail "nft rejects the host guard, see above; to deploy without it, set hosts.<name>.guard: false"
    return
  fi
  mv "$GUARD_RULES.new" "$GUARD_RULES"
  [ ! -e "$STATE/nft/$GUARD_TABLE" ] || rm -f "$STATE/nft/$GUARD_TABLE"
  guard_unit
}

# guard_modules: loads with one modprobe all modules for the rules, and those that Open vSwitch, tunnels and containers need next. Otherwise
# the kernel starts a modprobe for each name, even for names without a module (nft-expr-1-ct), 30 ms each under emulation.
guard_modules() {
  [ -d "$MODULES/nft_ct" ] || modprobe -q -a nf_tables nft_ct nfnetlink_cttimeout vxlan veth 2>/dev/null || :
}

# guard_fail TEXT: stops the step, and leaves nothing behind on a host without other things. A removal continues, since it must also work on
# a host that lacks nft.
guard_fail() {
  [ -n "$about" ] || return 0
  leave
  fail "$@"
}

# Removes fragments of things that are gone, and adds missing ones: a lab may be older than the guard.
guard_rest() {
  local file thing
  for file in "$GUARD"/*; do
    thing=${file##*/}
    case $thing in "$about.$GUARD_FORM") continue ;; *."$GUARD_FORM") thing=${thing%."$GUARD_FORM"} ;; *) thing=. ;; esac
    [ -e "$STATE/desired/$thing.json" ] || [ -e "$STATE/begun/$thing" ] || rm -f "$file"
  done
  for file in "$STATE"/desired/bridge-*.json "$STATE"/desired/encryption-*.json "$STATE"/desired/port-*.json \
    "$STATE"/desired/service-*.json "$STATE"/desired/router-*.json "$STATE"/desired/chain-*.json; do
    thing=${file##*/}
    thing=${thing%.json}
    if [ ! -e "$file" ] || [ -e "$GUARD/$thing.$GUARD_FORM" ]; then continue; fi
    guard_missing "$file" "$thing"
  done
}

guard_rules() {
  set -- "$GUARD"/*."$GUARD_FORM"
  [ ! -e "$1" ] || LC_ALL=C awk "$GUARD_AWK" "$@"
}

# guard_listing: the table as nft lists it, without counters; nothing without the table.
guard_listing() { nft -s list table inet "$GUARD_TABLE" 2>/dev/null || :; }

# guard_recorded: stores nft's listing of the table's file, for comparisons. It is made at its first use, in a temporary network namespace:
# making it at each load would start nft once more in every step.
guard_recorded() {
  [ ! -e "$STATE/nft/$GUARD_TABLE" ] || return 0
  mkdir -p "$STATE/nft"
  unshare -n sh -c "nft -f $GUARD_RULES && nft -s list table inet $GUARD_TABLE" >"$STATE/nft/.new" || return 1
  mv "$STATE/nft/.new" "$STATE/nft/$GUARD_TABLE"
}

# guard_same: true if the table is what its file says.
guard_same() {
  local listing recorded
  guard_recorded || return 1
  recorded=$(cat "$STATE/nft/$GUARD_TABLE" 2>/dev/null) listing=$(guard_listing)
  [ "$listing" = "$recorded" ] || [ "$(printf '%s\n' "$listing" | without_hops)" = "$recorded" ]
}

without_hops() {
  LC_ALL=C awk "$HOPS_AWK"' !of_hops($0)'
}

guard_off() {
  [ -e "$GUARD_RULES" ] || return 0
  nft delete table inet "$GUARD_TABLE" 2>/dev/null || :
  rm -f "$GUARD_RULES" "$STATE/nft/$GUARD_TABLE"
}

# On hosts with systemd a unit loads the table at boot, on our own image vxlab-init/ovs-vswitchd does. After nftables.service, since
# Debian's /etc/nftables.conf begins with "flush ruleset".
guard_unit() {
  [ -d /run/systemd/system ] || return 0
  [ ! -e "$GUARD_UNIT" ] || return 0
  cat >"$GUARD_UNIT" <<UNIT
[Unit]
Description=vxlab: the host guard, before the first tunnel
DefaultDependencies=no
RequiresMountsFor=$STATE
After=nftables.service
Before=ovs-vswitchd.service openvswitch-switch.service shutdown.target
Conflicts=shutdown.target
ConditionPathExists=$GUARD_RULES
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=$(command -v nft) -f $GUARD_RULES
[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl --quiet enable "${GUARD_UNIT##*/}"
}

# Called by leave (components/bridge/guest.sh), which reloads systemd.
guard_leave() {
  guard_off
  [ -e "$GUARD_UNIT" ] || return 0
  systemctl --quiet disable "${GUARD_UNIT##*/}" || :
  rm -f "$GUARD_UNIT"
}

# guard_drift: for drift_words: one line for each interface that is not as desired, and the desired rules.
guard_drift() {
  local listed=missing
  set -- "$GUARD"/*."$GUARD_FORM"
  [ -e "$1" ] || set -- /dev/null
  if [ -n "${looked-}" ]; then
    guard_listed
  elif [ -n "$(guard_listing)" ]; then
    if [ -e "$GUARD_RULES" ] && guard_same; then listed=same; else listed=other; fi
  fi
  echo "judge guard $listed $GUARD_RULES $GUARD_TABLE"
  LC_ALL=C awk "$GUARD_AWK" "$@"
  echo judged
  guard_ipv6 guard_says
}

guard_says() { echo "interface $1: IPv6 is on (net.ipv6.conf.$1.disable_ipv6 is 0), so it has a link-local address"; }

# For guest drift, which has the listing already. Sets: listed
guard_listed() {
  local line
  ! seen_of table "$GUARD_TABLE" || listed=$line
}

# guard_ipv6 COMMAND: runs it for each interface of ours that has IPv6 on although the settings give it no IPv6 address. A link-local
# address would put this host into the segment, with or without the guard.
guard_ipv6() {
  local file what device addresses have
  for file in "$GUARD"/*."$GUARD_FORM"; do
    [ -e "$file" ] || continue
    while read -r what _ device addresses; do
      case $what,$addresses in inner,*:*) continue ;; inner,*) ;; *) continue ;; esac
      setting_of "net/ipv6/conf/$device/disable_ipv6"
      [ "$have" != 0 ] || "$1" "$device"
    done <"$file"
  done
}

# no_ipv6 DEVICE ["ADDRESS..."]: switches IPv6 off on a device of ours without an IPv6 address, before it is up and gets a link-local one.
no_ipv6() {
  local value=1
  case ${2-} in *:*) value=0 ;; esac
  [ ! -e "$SYSCTL/net/ipv6/conf/$1" ] || echo "$value" >"$SYSCTL/net/ipv6/conf/$1/disable_ipv6"
}
