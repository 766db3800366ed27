#!/bin/sh
# This host's part of a service chain: flows on its bridge, and tunnels of the chain's own, whose destination each flow sets
# (components/chain/flows.ts). Nothing else can enter a tunnel: no segment has its VLAN.
# Desired state: components/chain/thing.ts.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state, by eval

NUMBERS_AWK='@numbers.awk@'
CHAINS=$STATE/chains

chain_apply() {
  local box="$CHAINS/$id"
  chain_plain
  chain_alone
  [ "${was_bridge:-$bridge}" = "$bridge" ] || chain_drop "$was_bridge" "$was_cookie"
  guard_apply chain
  [ -d "$box" ] || mkdir -p "$box"
  chain_flows >"$box/flows.new"
  chain_stale
  chain_tunnels
  echo "$bridge" >"$box/bridge"
  mv "$box/flows.new" "$box/flows"
  chain_renumber
  chain_ready
  chain_probe
  chain_again
  case $cookie in *10/*) chain_drain ;; esac
  chain_untunnel
  keep chain
  answer
}

# Flows go to ovs-ofctl as text, so they may contain characters of its syntax only.
chain_plain() {
  local one i=0 port vni
  plain "$name" "$bridge" "$local" "$encapsulation" "$udpPort" "$cookie" "${probe-}"
  eval "plain ${boxes-} ${probed-}"
  while next_tunnel; do plain "$port" "$vni"; done
  set --
  eval "set -- $flows"
  for one in "$@"; do
    case $one in
      "cookie=0x5f"*" actions="*) ;;
      *) fail "the desired state has text that is not a flow: $one" ;;
    esac
  done
  plain "$(printf '%s ' "$@" | tr -d ' =<>()[]')"
}

# next_tunnel: number i, which goes up; false after the last. Sets: i port vni
next_tunnel() {
  [ "$i" -lt "${tunnels_count:-0}" ] || return 1
  eval "port=\$tunnels_${i}_port vni=\$tunnels_${i}_vni"
  i=$((i + 1))
}

chain_alone() {
  local i=0 port vni
  shared chain || return 0
  set --
  while next_tunnel; do set -- "$@" "$port"; done
  alone "the tunnel of a hop of chain $name" "rename the chain in one of the two labs (chains.$name)" chain 'tunnels.*.port' "$@"
}

# Its flows, with the numbers of ports. The first lines delete the previous flows.
chain_flows() {
  echo "delete cookie=$cookie"
  # Another first end means another cookie.
  [ "${was_cookie:-$cookie}" = "$cookie" ] || echo "delete cookie=$was_cookie"
  set --
  eval "set -- $flows"
  [ $# -eq 0 ] || printf '%s\n' "$@" | LC_ALL=C awk -v file="$OFPORTS" "$NUMBERS_AWK"
}

# All of its tunnels at once.
chain_tunnels() {
  local i=0 port vni number
  set --
  while next_tunnel; do
    number=$(echo "<$port>" | LC_ALL=C awk -v file="$OFPORTS" "$NUMBERS_AWK")
    set -- "$@" -- --may-exist add-port "$bridge" "$port" \
      -- set port "$port" tag="$DEAD_VLAN" external_ids:vxlab-chain="\"$id\"" \
      -- set interface "$port" type="$encapsulation" ofport_request="$number" options:remote_ip=flow \
      options:local_ip="\"$local\"" options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-chain="\"$id\""
  done
  [ $# -gt 0 ] || return 0
  shift
  vsctl "$@"
}

# Removes tunnels that its flows no longer use, unless another step of the chain has taken one over. Tunnels of hops that leave this host
# stay until these are drained.
chain_untunnel() {
  local have wanted='' i=0 port vni
  while next_tunnel; do wanted="$wanted $port "; done
  for have in $(vsctl --bare --no-headings --columns=name find port external_ids:vxlab-chain="\"$id\""); do
    plain "$have"
    case $wanted in
      *" $have "*) ;;
      *) if [ -e "$box/stale" ]; then echo "$have" >>"$box/leaving"; else vsctl --if-exists del-port "$have"; fi ;;
    esac
  done
}

# Renumbers ports that existed before they got a number. Their port security is set for the new number first. To renumber a port, Open
# vSwitch deletes it and makes it again; for an internal port (a gateway's) that includes the device, so its service is applied again.
chain_renumber() {
  local veth number file served wrong tries=20
  wrong=$(chain_misnumbered) || exit 1
  [ -n "$wrong" ] || return 0
  printf '%s\n' "$wrong" | while read -r veth number _; do
    file=$(chain_secured "$veth")
    [ -z "$file" ] || sed -e '/^delete /d' -e "s/in_port=\"$veth\"/in_port=$number/" "$file" | ovs-ofctl add-flows "$bridge" -
    vsctl set interface "$veth" ofport_request="$number" </dev/null
    # Again with the port's name, which deletes the flows of the previous number.
    [ -z "$file" ] || ovs-ofctl --bundle add-flows "$bridge" "$file"
    served=$(kept service device | awk -v device="$veth" '$4 == device { print $1 }')
    [ -z "$served" ] || again "$served"
  done
  # A busy switch answers before it has renumbered them.
  until wrong=$(chain_misnumbered) && [ -z "$wrong" ]; do
    [ "$tries" -gt 0 ] || fail "Open vSwitch gives ports of chain $name numbers other than the wanted ones: $wrong (name, wanted, given)"
    tries=$((tries - 1))
    sleep 0.5
  done
}

# Ports of this host with a wrong number: NAME WANTED ACTUAL, one a line. An actual -1 means, for a tunnel, that the switch refuses it; for
# any other port, that its container is not running.
chain_misnumbered() {
  vsctl --format=csv --no-headings --columns=name,ofport list interface |
    LC_ALL=C awk -F '[ ,]' -v file="$OFPORTS" '
      BEGIN { while ((getline line < file) > 0) { split(line, word, " "); number[word[1]] = word[2] } }
      { gsub(/"/, "") }
      $1 in number && $2 != number[$1] && ($2 ~ /^[0-9]/ || $1 ~ /^cf/) { print $1, number[$1], $2 }'
}

# chain_secured VETH: the file of the port security of a container's port, if there is one.
chain_secured() {
  local file
  for file in "$STATE"/containers/*/flows/"$1" "$STATE"/docker/*/flows/"$1"; do
    [ ! -e "$file" ] || echo "$file"
  done
}

# All of its flows at once, and those of hops that are leaving.
chain_again() {
  local said tries=60
  set -- "$box/flows"
  [ ! -e "$box/stale" ] || set -- "$@" "$box/stale"
  until said=$(cat "$@" | ovs-ofctl --bundle add-flows "$bridge" - 2>&1); do
    tries=$((tries - 1))
    case $tries,$said in [1-9]*"not a bridge"* | [1-9]*onnect*) sleep 0.5 ;; *) fail "no flows of chain $name on $bridge: $said" ;; esac
  done
}

# chain_files BRIDGE: the files with the flows of all chains on that bridge, after those in files. Sets: files
chain_files() {
  local folder on
  for folder in "$STATE"/chains/*/; do
    { read -r on <"$folder/bridge"; } 2>/dev/null || continue
    [ "$on" != "$1" ] || [ ! -e "$folder/flows" ] || files="$files ${folder}flows"
  done
}

# chain_drop BRIDGE COOKIE: removes its flows and its tunnels.
chain_drop() {
  local have
  # It fails when the bridge is gone, and the flows with it.
  ovs-ofctl del-flows "$1" "cookie=$2" 2>/dev/null || :
  for have in $(vsctl --bare --no-headings --columns=name find port external_ids:vxlab-chain="\"$id\""); do
    vsctl --if-exists del-port "$have"
  done
}

chain_remove() {
  chain_unprobe
  chain_drop "$bridge" "$cookie"
  rm -rf "${CHAINS:?}/$id"
  rmdir "$CHAINS" 2>/dev/null || :
  forget chain
  guard_apply
  leave
  answer
}

chain_observe() {
  local same
  same=$(chain_same)
  [ "$same" != none ] || { absent && return; }
  {
    chain_tunnelled
    [ "$same" = same ] || echo "word flows"
    [ -z "${probed-}" ] || chain_probed
  } | observed
}

# Lines of observe: its tunnels, and how they carry packets. If several are not as wanted, the values of the last one are printed.
chain_tunnelled() {
  local i=0 port vni found='' type key from to
  while next_tunnel; do
    IFS=, read -r type key from to _ <<TUNNEL
$(vsctl --if-exists get interface "$port" type options:key options:local_ip options:dst_port | tr -d '"' | tr '\n' ,)
TUNNEL
    [ "$key" = "$vni" ] || continue
    found="$found,{\"port\":\"$port\",\"vni\":$vni}"
    [ "$type" = "$encapsulation" ] || echo "text encapsulation $type"
    [ "$from" = "$local" ] || echo "text local $from"
    case $to in "$udpPort") ;; *[!0-9]*) echo "word udpPort" ;; *) echo "word udpPort $to" ;; esac
  done
  echo "json tunnels [${found#,}]"
}

# Prints whether its flows are as they are wanted: same, other, or none if it has no flows.
chain_same() {
  local there
  there=$(ovs-ofctl --no-stats dump-flows "$bridge" "cookie=$cookie" 2>/dev/null | grep 'cookie=') || { echo none && return; }
  set --
  eval "set -- $flows"
  if printf '%s\n' "$@" | LC_ALL=C awk -v file="$OFPORTS" -v known=1 "$NUMBERS_AWK" | ovs-ofctl diff-flows /proc/self/fd/3 /proc/self/fd/0 >/dev/null 2>&1; then
    echo same
  else
    echo other
  fi 3<<THERE
$there
THERE
}

# Reports wrong numbers, missing tunnels and missing probes. The flows themselves are compared with those of port security.
chain_drift() {
  local veth number is
  [ -d "$CHAINS" ] || return 0
  kept_each chain chain_drift_of
  chain_misnumbered | while read -r veth number is; do
    echo "port $veth has the OpenFlow number $is instead of $number: its chains do not work"
  done
}

chain_drift_of() {
  local i=0 port vni on
  while next_tunnel; do
    on=$(vsctl port-to-br "$port" 2>/dev/null) || on=none
    [ "$on" = "$bridge" ] || printf '%s\tchain %s: tunnel %s is missing\n' "$lab/$step" "$name" "$port"
  done
  eval "set -- ${probed-}"
  for port in "$@"; do
    # A missing port is reported for its container.
    [ ! -e "$NET/$port" ] || chain_probing "$port" || printf '%s\tchain %s: port %s is not probed\n' "$lab/$step" "$name" "$port"
  done
}
