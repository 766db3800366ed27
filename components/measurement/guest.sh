#!/bin/sh
# guest measure: what the path from a container to an address costs, compared with the path between the two hosts. It only makes the kernel
# forget two neighbour entries; it stores nothing and takes no lock. Its input: components/measurement/state.ts.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state, by eval

# Questions to a neighbour that is unknown, and in a row.
MEASURE_COLD=5
MEASURE_WARM=20
# The rate that decides how many full-size packets check_full sends, bits a second.
MEASURE_RATE=40000000
# Size of the IP packet with which the overhead is measured, and an upper limit of the overhead, bytes.
MEASURE_PROBE=1000
MEASURE_MOST=300

measure_run() {
  local pid seen
  plain "$from" "$to" "$beside"
  check_pid || fail "cost $name: $seen"
  printf '{"v":%s,"overhead":%s,"overlay":%s,"underlay":%s}\n' \
    "$LEVEL" "$(measure_overhead)" "$(measure_way "$to")" "$(pid=$$ && measure_way "$beside")"
}

# measure_way ADDRESS: measures from the network namespace of the process pid; prints JSON.
measure_way() {
  local to="$1" mtu='' count='' said='' came='' ms='' seen='' asked=0 cold device
  device=$(check_inside "$(iproute_path)" -o route get "$to" 2>/dev/null | route_device)
  cold=$(
    while [ "$asked" -lt "$MEASURE_COLD" ]; do
      asked=$((asked + 1))
      check_inside "$(iproute_path)" neigh flush to "$to" dev "$device" 2>/dev/null || :
      check_echo -c 1 -W 9 "$to" 2>&1 || :
    done | measure_median
  )
  check_full "$MEASURE_RATE" || :
  printf '{"mtu":%s,"cold":%s,"warm":%s,"rate":%s}' "${mtu:-null}" "$cold" \
    "$(check_echo -c "$MEASURE_WARM" -i 0.2 -W 9 "$to" 2>&1 | measure_median)" "$(measure_rate)"
}

# The median of the round trips that ping prints, ms.
measure_median() {
  sed -n 's/.* time=\([0-9.]*\) ms.*/\1/p' | sort -n | awk '{ all[NR] = $1 }
    END { if (NR == 0) print "null"; else print NR % 2 ? all[(NR + 1) / 2] : (all[NR / 2] + all[NR / 2 + 1]) / 2 }'
}

# The rate that check_full has counted, bits a second.
measure_rate() {
  [ "${came:-0}" -gt 0 ] || { echo null && return; }
  awk -v n="$came" -v ms="$ms" -v mtu="$mtu" 'BEGIN { printf "%.0f\n", n * mtu * 8 * 1000 / (ms < 1 ? 1 : ms) }'
}

# The bytes that are added to a packet: the least that is seen where packets for the other host leave.
measure_overhead() {
  local file device header=28
  case $to in *:*) header=48 ;; esac
  device=$(ip -o route get "$beside" 2>/dev/null | route_device)
  file=$(mktemp) || return 1
  timeout 30 tcpdump --immediate-mode -n -v -l -s 128 -c 3 -i "$device" "dst host $beside and greater $MEASURE_PROBE" >"$file" 2>"$file.said" </dev/null &
  measure_listens "$file.said"
  check_echo -q -c 3 -i 0.3 -w 9 -s $((MEASURE_PROBE - header)) "$to" >/dev/null 2>&1 || :
  sleep 1
  kill $! 2>/dev/null || :
  wait $! 2>/dev/null || :
  measure_added <"$file"
  rm -f "$file" "$file.said"
}

# Until tcpdump listens, ten seconds at most.
measure_listens() {
  local tries=100
  until grep -q "listening on" "$1" || [ "$tries" = 0 ]; do
    tries=$((tries - 1))
    sleep 0.1
  done
}

# IPv6 prints the length without its header of 40 bytes.
measure_added() {
  awk -v probe="$MEASURE_PROBE" -v most="$MEASURE_MOST" '
    match($0, /payload length: [0-9]+\)/) { is(substr($0, RSTART + 16) + 40); next }
    match($0, /length [0-9]+\)/) { is(substr($0, RSTART + 7) + 0) }
    function is(bytes) { bytes -= probe; if (bytes > 0 && bytes <= most && (!least || bytes < least)) least = bytes }
    END { print least ? least : "null" }'
}
