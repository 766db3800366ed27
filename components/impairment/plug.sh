#!/bin/sh
# How packets get into an impairment: filters of an interface lead them through a device of the kind ifb, in whose queue (netem) they
# are delayed, lost and so on, and behind which they continue where they were. The interface keeps its own queue: the filters are in
# its clsact (tc-mirred(8)), which an owner can have too. It comes before plug.sh of containers, which calls impair_plug.

IMPAIRED=$STATE/impaired
FILTERS_AWK='@filters.awk@'

# iproute2's own: busybox's knows no netem.
tc() { "$(program_path tc)" "$@"; }

# impair_plug VETH: for a container's interface that has only just been made.
impair_plug() {
  local file on
  for file in "$IMPAIRED"/*; do
    case $file in *.as | *.since | *.hook | *'*') continue ;; esac
    read -r on _ <"$file"
    [ "$on" != "$1" ] || impair_lead "${file##*/}"
  done
}

# impair_lead DEVICE: leads packets through it as its file says: INTERFACE HOOK ID on the first line, then a filter on each. What is
# there already is left alone; what replaces something is added first, so that no packet passes by. tc lists filters in other words than it is
# given, so the listing right after is kept and compared (DEVICE.as). Without one of the two interfaces there is nothing to do yet.
impair_lead() {
  local device="$1" on hook found said
  { read -r on hook _; } <"$IMPAIRED/$device"
  if [ ! -e "$NET/$on" ] || [ ! -e "$NET/$device" ]; then return 0; fi
  found=$(impair_found)
  ! impair_same || return 0
  impair_hook
  said=$(impair_add 5605) || said=$(impair_add 5606) || fail "impairment: no filter on $on: $said"
  impair_delete
  found=$(impair_found)
  printf '%s\n' "$found" | impair_listing >"$IMPAIRED/$device.as"
}

# The filters that there are; found is what impair_found has printed.
impair_found() { tc filter show dev "$on" "$hook" 2>/dev/null | LC_ALL=C awk -v device="$device" "$FILTERS_AWK"; }
impair_same() { [ -e "$IMPAIRED/$device.as" ] && [ "$(printf '%s\n' "$found" | impair_listing)" = "$(cat "$IMPAIRED/$device.as")" ]; }
# A handle is another each time.
impair_listing() { awk '{ $4 = "" } { print }' | sort; }

# impair_add PREF: of filters for a VLAN, of which there cannot be two alike with the same preference.
impair_add() {
  sed -n "2,\$s|.*|filter add dev $on $hook & action mirred egress redirect dev $device|p" "$IMPAIRED/$device" |
    sed "s/ pref VLAN / pref $1 /" | tc -batch - 2>&1
}

# The filters in found.
impair_delete() {
  local protocol pref kind handle
  [ -n "$found" ] || return 0
  printf '%s\n' "$found" | while read -r protocol pref kind handle _; do
    tc filter del dev "$on" "$hook" protocol "$protocol" pref "$pref" handle "$handle" "$kind"
    [ "$kind" != u32 ] || impair_emptied "$protocol" "$pref"
  done
}

# impair_emptied PROTOCOL PREF: u32 keeps its tables after its last filter while another preference of the interface has some (u32_delete in
# net/sched/cls_u32.c), so they go here. A filter has an "order", a table has none.
impair_emptied() {
  case $(tc filter show dev "$on" "$hook" protocol "$1" pref "$2") in
    '' | *" order "*) ;;
    *) tc filter del dev "$on" "$hook" protocol "$1" pref "$2" ;;
  esac
}

# DEVICE.hook says that clsact is ours, for this boot.
impair_hook() {
  case $(tc qdisc show dev "$on") in
    *"qdisc clsact "*) return 0 ;;
    *"qdisc ingress "*) fail "$on has an ingress queue of its owner, beside which there can be no clsact. Nothing was changed there: tc qdisc show dev $on" ;;
  esac
  tc qdisc add dev "$on" clsact || fail "$on takes no clsact, see above"
  cat "$PROC/sys/kernel/random/boot_id" >"$IMPAIRED/$on.hook"
}
