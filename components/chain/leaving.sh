#!/bin/sh
# A hop that leaves a host while its chain is in use: other hosts send to it until their second step has run. So the first step of its own
# host leaves its flows and tunnels in place, and the second step removes them once no more packets arrive.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# chain_stale: writes the previous flows of hops that this host no longer has into the file stale. Without such hops there is no file.
chain_stale() {
  rm -f "$box/stale" "$box/leaving"
  # With another first end, or on another bridge, no previous flows remain.
  [ "${was_cookie:-$cookie} ${was_bridge:-$bridge}" = "$cookie $bridge" ] || return 0
  [ -e "$box/flows" ] || return 0
  # "cookie=0x5f", six digits for the chain, six for the hop (components/chain/cookies.ts).
  LC_ALL=C awk '/^delete / { next } { hop = substr($0, 18, 6) } NR == FNR { has[hop]; next } !(hop in has)' \
    "$box/flows.new" "$box/flows" >"$box/stale"
  [ -s "$box/stale" ] || rm "$box/stale"
}

# chain_drain: waits until no packets have reached them for two seconds, since Open vSwitch counts late, and removes their flows and
# tunnels.
chain_drain() {
  local chain tries=40 quiet=4 counted='' before folder hops
  chain=${cookie%/*}
  # The cookie without its digits of hop and role.
  chain=${chain%????????}
  hops=$(cat "$CHAINS"/*/stale 2>/dev/null | sed -n "s/^cookie=\($chain......\).*/\1/p" | sort -u)
  [ -n "$hops" ] || return 0
  until [ "$quiet" = 0 ] || [ "$tries" = 0 ]; do
    before=$counted
    counted=$(chain_reached)
    if [ "$before" = "$counted" ]; then quiet=$((quiet - 1)); else quiet=4; fi
    tries=$((tries - 1))
    sleep 0.5
  done
  printf '%s\n' "$hops" | sed 's|.*|delete cookie=&00/0xffffffffffffff00|' | ovs-ofctl --bundle add-flows "$bridge" -
  for folder in "$CHAINS"/*/; do
    folder=${folder%/}
    { grep -q "^cookie=$chain" "$folder/stale"; } 2>/dev/null || continue
    chain_left "${folder##*/}" "$folder/leaving"
    rm -f "$folder/stale" "$folder/leaving"
  done
}

# chain_reached: how many packets have been given to these hops.
chain_reached() {
  ovs-ofctl dump-flows "$bridge" "cookie=${chain}00000000/0xffffffff00000000" | LC_ALL=C awk -v hops="$hops" '
    BEGIN { split(hops, word, "\n"); for (i in word) { gone[word[i] "03"]; gone[word[i] "04"] } }
    match($0, /cookie=0x[0-9a-f]+/) && substr($0, RSTART + 7, RLENGTH - 7) in gone && match($0, /n_packets=[0-9]+/) {
      sum += substr($0, RSTART + 10, RLENGTH - 10)
    }
    END { print sum + 0 }'
}

# chain_left ID FILE: deletes the tunnels in FILE that still belong to that step.
chain_left() {
  local port
  [ -e "$2" ] || return 0
  while read -r port; do
    plain "$port"
    [ -z "$(vsctl --bare --no-headings --columns=name find port name="$port" external_ids:vxlab-chain="\"$1\"" </dev/null)" ] ||
      vsctl --if-exists del-port "$port" </dev/null
  done <"$2"
}
