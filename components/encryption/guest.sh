#!/bin/sh
# WireGuard below a host's tunnels. Desired state: components/encryption/thing.ts; the private key comes beside it, in the secrets.
# A tunnel's `local` is an address that this device alone has: while the device is missing, the kernel finds no source for the
# tunnel's packets, and nothing leaves. Before the ports at boot (guest/things.ts).
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

encryption_apply() {
  local known
  plain "$device" "$address" "$local" "$port" "$mtu"
  command -v wg >/dev/null || fail "this host has no wg, which encryption needs: apt-get install wireguard-tools"
  alone "$device" "let only one of the two labs encrypt on this host" encryption device "$device"
  encryption_key
  encryption_source
  guard_apply encryption
  encryption_device
  known=$(encryption_known)
  encryption_sync
  only_addresses "$device" "$address/32"
  ip link set dev "$device" mtu "$mtu" up
  encryption_routes
  encryption_greet
  keep encryption
  answer
}

# wg's error message for a malformed key contains the key, and errors are logged: so the form is checked here.
encryption_key() {
  case ${privateKey-} in
    *[!A-Za-z0-9+/=]*) ;;
    ???????????????????????????????????????????=) return 0 ;;
  esac
  fail "the step has no usable private key for $device"
}

# WireGuard sends from the source address of the route, and a peer's guard accepts packets from the VTEP only.
encryption_source() {
  local i=0 vtep source
  # Our own image has one underlay address, so there is nothing to check.
  [ ! -d "$TOOLS-init" ] || return 0
  while next_peer; do
    source=$(ip -o route get "$vtep" 2>/dev/null | sed -n 's/.* src \([^ ]*\).*/\1/p')
    [ "${source:-$local}" = "$local" ] ||
      fail "packets to $vtep leave this host from $source, not from its VTEP $local: write $source as its address, or change the route"
  done
}

# next_peer: the fields of peer number i, which goes up; false after the last. Sets: i vtep
next_peer() {
  [ "$i" -lt "${peers_count:-0}" ] || return 1
  eval "vtep=\$peers_${i}_vtep"
  i=$((i + 1))
}

encryption_device() {
  local whose
  if [ -e "$NET/$device" ]; then
    whose=$(cat "$NET/$device/ifalias" 2>/dev/null) || :
    [ "$whose" != "vxlab $id" ] || return 0
    fail "$device is an interface of this host that is not this lab's. Nothing was changed here: rename it, or leave out encryption"
  fi
  iproute link add "$device" type wireguard ||
    fail "the kernel of this host has no WireGuard, see above: it is in Linux 5.6 and newer (module wireguard)"
  iproute link set dev "$device" alias "vxlab $id"
}

# encryption_known: the own public key, then those of the peers, one a line.
encryption_known() {
  wg show "$device" public-key
  wg show "$device" peers
}

# syncconf keeps the sessions of unchanged peers. By stdin: every user can read arguments.
encryption_sync() {
  local said
  said=$(encryption_config | wg syncconf "$device" /proc/self/fd/0 2>&1) || {
    case $said in *"$privateKey"*) said="(what it says holds the private key)" ;; esac
    fail "wg refuses the configuration of $device: $said"
  }
  said=$(wg show "$device" public-key)
  [ "$said" = "$publicKey" ] || fail "the private key of $device belongs to the public key $said, not to $publicKey"
}

encryption_config() {
  local i=0 vtep
  printf '[Interface]\nPrivateKey = %s\nListenPort = %s\n' "$privateKey" "$port"
  while next_peer; do
    case $vtep in *:*) vtep="[$vtep]" ;; esac
    eval "printf '[Peer]\nPublicKey = %s\nAllowedIPs = %s/32\nEndpoint = %s:%s\n' \
      \"\$peers_$((i - 1))_publicKey\" \"\$peers_$((i - 1))_address\" \"\$vtep\" \"\$peers_$((i - 1))_port\""
  done
}

# A route to each peer, and no other.
encryption_routes() {
  local have want i=0 vtep one
  have=" $(ip -o route show dev "$device" | awk '{ printf "%s ", $1 }')"
  want=' '
  while next_peer; do eval "want=\"\$want\$peers_$((i - 1))_address \""; done
  for one in $want; do
    plain "$one"
    case $have in *" $one "*) ;; *) ip route replace "$one/32" dev "$device" ;; esac
  done
  for one in $have; do
    case $want in *" $one "*) ;; *) ip route del "$one/32" dev "$device" ;; esac
  done
}

# Starts a handshake with each new peer, and with each peer for which this host may be new: such a peer tries by itself only every five
# seconds, and its packets wait for that. A keepalive that is switched on is sent at once (set_peer in drivers/net/wireguard/netlink.c).
encryption_greet() {
  local i=0 vtep key all=false
  case $known in "$publicKey" | "$publicKey
"*) ;; *) all=true ;; esac
  set --
  while next_peer; do
    eval "key=\$peers_$((i - 1))_publicKey"
    case $all,$known in false,*"$key"*) ;; *) set -- "$@" "$key" ;; esac
  done
  encryption_keepalive 1 "$@"
  encryption_keepalive off "$@"
}

# encryption_keepalive INTERVAL KEY...
encryption_keepalive() {
  local interval="$1" n
  shift
  [ $# -gt 0 ] || return 0
  n=$#
  while [ "$n" -gt 0 ]; do
    set -- "$@" peer "$1" persistent-keepalive "$interval"
    shift
    n=$((n - 1))
  done
  wg set "$device" "$@"
}

encryption_remove() {
  [ "$(cat "$NET/$device/ifalias" 2>/dev/null)" != "vxlab $id" ] || ip link del dev "$device"
  forget encryption
  guard_apply
  leave
  answer
}

# encryption_dump: the device as wg shows it: own public key, port; then the key, endpoint and allowed addresses of each peer. The private
# key, which begins wg's first line, is left out.
encryption_dump() { wg show "$device" dump 2>/dev/null | awk -F '\t' 'NR == 1 { print $2, $3; next } { print $1, $3, $4 }'; }

encryption_observe() {
  local have
  [ -e "$NET/$device" ] || { absent && return; }
  { printf '%s\n' "$json" && encryption_dump; } | LC_ALL=C awk "$JSON_AWK"'
    BEGIN { json_root = "state" }
    NR == 1 { json_read($0); for (i = 0; i < json_size["peers"]; i++) wanted[i] = json_value["peers." i ".publicKey"]; next }
    NR == 2 { print "text publicKey " $1; print "word port " $2; next }
    { order[++n] = $1; vtep[$1] = $2; sub(/:[0-9]+$/, "", vtep[$1]); gsub(/[][]/, "", vtep[$1]); port[$1] = $2; sub(/.*:/, "", port[$1]); inside[$1] = $3; sub(/\/32$/, "", inside[$1]) }
    END {
      for (i = 0; i in wanted; i++) if (wanted[i] in inside) { list = list peer(wanted[i]); seen[wanted[i]] }
      for (i = 1; i <= n; i++) if (!(order[i] in seen)) list = list peer(order[i])
      print "json peers [" substr(list, 2) "]"
    }
    function peer(key) {
      return ",{\"publicKey\":" json_quote(key) ",\"address\":" json_quote(inside[key]) ",\"vtep\":" json_quote(vtep[key]) ",\"port\":" (port[key] ~ /^[0-9]+$/ ? port[key] : "null") "}"
    }
  ' | { cat && echo "word mtu $(cat "$NET/$device/mtu")" && addresses_of "$device" && echo "text address ${have%/32}"; } | observed
}

# For guest drift all: nothing, since encryption_drift compares every field itself.
encryption_found() { :; }

encryption_drift() { kept_each encryption encryption_drift_of; }

# What observe answers, also in guest drift all, where it would print lines instead.
# shellcheck disable=SC2034 # what is called reads it
encryption_answer() {
  local looked=''
  encryption_observe
}

# Compares the answer of observe field by field. Peers are named by their addresses, not their keys.
encryption_drift_of() {
  local about="$lab/$step" routes
  if [ ! -e "$NET/$device" ]; then
    printf '%s\t%s: the WireGuard device is missing: no tunnel of this host works, and nothing leaves it in plain text\n' "$about" "$device"
    return 0
  fi
  routes=" $(ip -o route show dev "$device" | awk '{ printf "%s ", $1 }')"
  { printf '%s\n' "$json" && encryption_answer; } | LC_ALL=C awk -v about="$about" -v device="$device" -v routes="$routes" "$JSON_AWK"'
    BEGIN { json_root = "state" }
    NR == 1 { read(want, want_peers); next }
    { read(found, found_peers) }
    END {
      for (i = split("address mtu port publicKey", key, " "); i > 0; i--)
        if (found[key[i]] != want[key[i]]) say(label(key[i]) " is " (found[key[i]] == "" ? "missing" : found[key[i]]) " instead of " want[key[i]])
      for (one in want_peers) {
        if (!(one in found_peers)) say("peer " want_peers[one] " is missing")
        else if (found_peers[one] != want_peers[one]) say("peer " found_peers[one] " instead of " want_peers[one])
        split(want_peers[one], part, " ")
        if (!index(routes, " " part[1] " ")) say("the route to " part[1] " is missing")
      }
      for (one in found_peers) if (!(one in want_peers)) say("peer " found_peers[one] " is not in the plan (public key " one ")")
    }
    function read(fields, peers,   i) {
      json_read($0)
      for (i in json_value) fields[i] = json_value[i]
      for (i = 0; i < json_size["peers"]; i++)
        peers[json_value["peers." i ".publicKey"]] = json_value["peers." i ".address"] " at " json_value["peers." i ".vtep"] " port " json_value["peers." i ".port"]
    }
    function label(key) { return key == "mtu" ? "MTU" : key == "publicKey" ? "public key" : key == "port" ? "UDP port" : key }
    function say(text) { print about "\t" device ": " text }
  '
  [ "$(($(cat "$NET/$device/flags" 2>/dev/null || echo 0) & 1))" = 1 ] || printf '%s\t%s: the WireGuard device is down\n' "$about" "$device"
}

# For the host guard: on which device packets of the tunnels arrive and leave, and who may send to WireGuard.
guard_encryption() {
  local line i=0 vtep
  plain "$bridge" "$device" "$port"
  line="wg $bridge $device $port"
  while next_peer; do
    plain "$vtep"
    line="$line $vtep"
  done
  echo "$line"
}
