#!/bin/sh
# An impairment on one host: an ifb device for each place, with a queue (netem) that delays packets, drops them and so on, and filters that
# redirect packets through it (plug.sh). A container's interface may be missing: its filters are added when it is made.
# Desired state: components/impairment/thing.ts.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state, by eval

NETEM_AWK='@netem.awk@'
# What next_place sets, as locals of its callers: eval "$PLACE".
PLACE="local i=0 at device hook veth vlan remote"
# How often to check whether packets still wait in a queue that is removed: at most 2 s.
DRAINS=20

impairment_apply() {
  impair_plain
  impair_alone
  impair_modules
  [ -d "$IMPAIRED" ] || mkdir -p "$IMPAIRED"
  impair_places
  impair_gone
  keep impairment
  answer
}

impair_plain() {
  local n address udpPort vni
  eval "$PLACE"
  plain "$local"
  while next_place; do
    plain "$device" "$hook" "$veth" "$vlan" "$remote"
    n=0
    while next_packets; do plain "$address" "$udpPort" "$vni"; done
  done
}

impair_alone() {
  shared impairment || return 0
  eval "$PLACE"
  set --
  while next_place; do set -- "$@" "$device"; done
  alone "impairment $name: the name" "rename the impairment in one of the two labs (impairments.$name)" impairment 'places.*.device' "$@"
}

# next_place: place number i, which goes up; false after the last. Sets: i at device hook veth vlan remote
next_place() {
  local key
  [ "$i" -lt "$places_count" ] || return 1
  at=places_$i
  for key in device hook veth vlan remote; do eval "$key=\${${at}_$key-}"; done
  i=$((i + 1))
}

# next_packets: packets number n of that place, which goes up; false after the last. Sets: n address udpPort vni
next_packets() {
  local key
  eval "[ \"$n\" -lt \"\$${at}_packets_count\" ]" || return 1
  for key in address udpPort vni; do eval "$key=\${${at}_packets_${n}_$key-}"; done
  n=$((n + 1))
}

# numifbs=0: by default the module makes two devices.
impair_modules() {
  [ -n "$(program_path tc)" ] || fail "no tc on this host: apt-get install iproute2"
  [ -d "$MODULES/ifb" ] || modprobe -q ifb numifbs=0 || fail "this host's kernel has no ifb, which impairments need: modprobe ifb"
  [ -d "$MODULES/sch_netem" ] || modprobe -q sch_netem || fail "this host's kernel has no sch_netem, which impairments need: modprobe sch_netem"
}

impair_places() {
  local on filters
  eval "$PLACE"
  while next_place; do
    on=$veth
    [ -n "$on" ] || on=$(underlay_device "$local" "$remote") || exit 1
    impair_device
    filters=$(impair_filters)
    impair_file "$on $hook $id
$filters"
    impair_lead "$device"
  done
}

# A device of that name that is not this lab's is left alone.
impair_device() {
  local was
  if [ ! -e "$NET/$device" ]; then
    iproute link add "$device" type ifb
    iproute link set dev "$device" alias "vxlab-impairment $id"
    no_ipv6 "$device" ""
    rm -f "$IMPAIRED/$device.since"
  fi
  was=$(cat "$NET/$device/ifalias" 2>/dev/null) || :
  [ "$was" = "vxlab-impairment $id" ] || fail "$device is not this lab's ($was). Nothing was changed there: rename the impairment $name"
  impair_netem
  ip link set dev "$device" up
}

# An omitted option keeps its value when a queue is changed, so every option is written. Waiting packets stay in the queue, and so do its
# counters: their values at the last change are stored for verify.
impair_netem() {
  set -- limit "$netem_limit" delay "${netem_delay}us" "${netem_jitter}us" loss "$(percent "$netem_loss")" \
    duplicate "$(percent "$netem_duplicate")" reorder "$(percent "$netem_reorder")" corrupt "$(percent "$netem_corrupt")" rate "${netem_rate}bit"
  tc qdisc replace dev "$device" root netem "$@" || fail "netem cannot be set on $device, see above"
  [ "$(sed -n 2p "$IMPAIRED/$device.since" 2>/dev/null)" = "$*" ] || {
    tc -s qdisc show dev "$device" | awk '$1 == "Sent" { sub(/,$/, "", $7); print $4, $7 + 0; exit }'
    echo "$*"
  } >"$IMPAIRED/$device.since"
}

# percent PPM: 12345 is 1.2345%.
percent() { printf '%s.%04d%%' $(($1 / 10000)) $(($1 % 10000)); }

impairment_remove() {
  local places_count=0
  impair_gone
  forget impairment
  leave
  answer
}

# A place whose packets are not redirected has no netem values.
impairment_observe() {
  local any=false
  eval "$PLACE"
  while next_place; do [ ! -e "$NET/$device" ] || any=true; done
  "$any" || { absent && return; }
  impair_seen | observed
}

impair_seen() {
  local on found
  eval "$PLACE"
  while next_place; do
    if [ ! -e "$NET/$device" ] || ! impair_asked || ! impair_led; then echo "text places.$((i - 1)).device"; fi
    [ ! -e "$NET/$device" ] || tc -j qdisc show dev "$device"
  done | LC_ALL=C awk -v wanted="$(impair_wanted)" "$JSON_AWK $NETEM_AWK"
}

impair_wanted() {
  echo "limit=$netem_limit delay=$netem_delay jitter=$netem_jitter loss=$netem_loss duplicate=$netem_duplicate" \
    "reorder=$netem_reorder corrupt=$netem_corrupt rate=$netem_rate"
}

# True if the filters that redirect packets through device are as wanted. guest drift does not compare them: its state is the one that they
# were made from.
impair_asked() {
  local said
  [ -z "${looked-}" ] || return 0
  said=$(cat "$IMPAIRED/$device") || return 1
  [ "$said" = "${veth:-${said%% *}} $hook $id
$(impair_filters)" ]
} 2>/dev/null

# True if packets are redirected through device. A missing interface of a container is reported for the container. Sets: on hook found
impair_led() {
  { read -r on hook _; } <"$IMPAIRED/$device" || return 1
  [ -e "$NET/$on" ] || { [ -n "$veth" ] && return 0; }
  found=$(impair_found)
  impair_same
} 2>/dev/null

# What differs from the desired state, as in drift.sh.
impairment_drift() {
  local file lab step
  set -- "$STATE/desired/impairment"-*.json
  [ -e "$1" ] || return 0
  kept impairment name | while read -r file lab step _; do
    with_kept "$file" impair_drift_of | sed "s|^|$lab/$step$(printf '\t')impairment |"
  done
}

impair_drift_of() {
  local on found flags seen
  eval "$PLACE"
  while next_place; do
    if [ ! -e "$NET/$device" ]; then
      echo "$name: interface $device is missing: packets pass unimpaired or are lost"
      continue
    fi
    flags=$(cat "$NET/$device/flags")
    [ $((flags & 1)) = 1 ] || echo "$name: interface $device is down: what it impairs is lost"
    impair_led || echo "$name: packets are not redirected through $device: tc filter show dev ${on:-$veth} $hook"
  done
  seen=" $(impair_wanted) "
  impair_seen | while read -r _ at found; do
    at=${at#netem.}
    case $at,$seen in places.*) ;; *" $at=$found "*) ;; *) echo "$name: $at of its queue is $found: tc qdisc show" ;; esac
  done
}
