#!/bin/sh
# How packets get into an impairment: filters on an interface redirect them through an ifb device, whose queue (netem) delays or drops them;
# then they continue on their path. The interface keeps its own queue: the filters are in its clsact (tc-mirred(8)), which the host's owner
# may use too. It comes before plug.sh of containers, which calls impair_plug.

IMPAIRED=$STATE/impaired
FILTERS_AWK='@filters.awk@'

# iproute2's own by its path: busybox's has no netem.
tc() { "$(program_path tc)" "$@"; }

# impair_plug VETH: for a container's interface that has just been made.
impair_plug() {
  local file on
  for file in "$IMPAIRED"/*; do
    case $file in *.as | *.since | *.hook | *'*') continue ;; esac
    read -r on _ <"$file"
    [ "$on" != "$1" ] || impair_lead "${file##*/}"
  done
}

# impair_lead DEVICE: adds the filters in its file: INTERFACE HOOK ID on the first line, then one filter a line. Existing filters are left
# alone; a new filter is added before the old one is removed, so that no packet bypasses the device. tc lists filters in another form than
# they are given, so the listing right after is stored and compared (DEVICE.as). If one of the two interfaces is missing, there is nothing
# to do yet.
impair_lead() {
  local device="$1" on hook found said
  { read -r on hook _; } <"$IMPAIRED/$device"
  if [ ! -e "$NET/$on" ] || [ ! -e "$NET/$device" ]; then return 0; fi
  found=$(impair_found)
  ! impair_same || return 0
  impair_hook
  said=$(impair_add 5605) || said=$(impair_add 5606) || fail "impairment: no filter can be added on $on: $said"
  impair_delete
  found=$(impair_found)
  printf '%s\n' "$found" | impair_listing >"$IMPAIRED/$device.as"
}

# The existing filters, as impair_found has printed them in found.
impair_found() { tc filter show dev "$on" "$hook" 2>/dev/null | LC_ALL=C awk -v device="$device" "$FILTERS_AWK"; }
impair_same() { [ -e "$IMPAIRED/$device.as" ] && [ "$(printf '%s\n' "$found" | impair_listing)" = "$(cat "$IMPAIRED/$device.as")" ]; }
# Without handles, which differ each time.
impair_listing() { awk '{ $4 = "" } { print }' | sort; }

# impair_add PREF: adds the filters. Two equal filters for a VLAN cannot have the same preference.
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
# net/sched/cls_u32.c), so they are removed here. A filter has an "order", a table has none.
impair_emptied() {
  case $(tc filter show dev "$on" "$hook" protocol "$1" pref "$2") in
    '' | *" order "*) ;;
    *) tc filter del dev "$on" "$hook" protocol "$1" pref "$2" ;;
  esac
}

# DEVICE.hook records, for this boot, that clsact is ours.
impair_hook() {
  case $(tc qdisc show dev "$on") in
    *"qdisc clsact "*) return 0 ;;
    *"qdisc ingress "*) fail "$on has an ingress qdisc that is not vxlab's, so it cannot have a clsact. Nothing was changed there: tc qdisc show dev $on" ;;
  esac
  tc qdisc add dev "$on" clsact || fail "a clsact cannot be added on $on, see above"
  cat "$PROC/sys/kernel/random/boot_id" >"$IMPAIRED/$on.hook"
}
