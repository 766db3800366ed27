#!/bin/sh
# The interfaces of a container: eth0, eth1, … inside, each with a veth that is a port of a bridge of the host.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state, by eval

LINKS_AWK='@links.awk@'
# The OpenFlow numbers of ports that flows of chains name (components/chain/numbers.awk).
OFPORTS=$STATE/ofports
# VLAN of a side of a transparent middle box. No segment has it, so only flows that name the port reach it.
DEAD_VLAN=@DEAD_VLAN@
# What next_nic and next_tag set, as locals of their callers: eval "$NIC; $TAG".
NIC="local i=0 nic nic_at bridge veth mac mtu vlan dhcp gateway addresses trunk"
TAG="local n=0 tag tag_at tag_nic tag_mtu tag_addresses"

# Fails unless these are names and addresses: they are written into files for LXC and ip.
nics_plain() {
  local one
  eval "$NIC; $TAG"
  plain "$name"
  while next_nic; do
    plain "$nic" "$bridge" "$veth" "$mac" "$mtu" "$vlan" "$gateway"
    for one in $addresses; do plain "$one"; done
    n=0
    while next_tag; do
      for one in "$tag" "$tag_mtu" $tag_addresses; do plain "$one"; done
    done
  done
}

# next_nic: the fields of interface number i, which goes up; false after the last. Sets: $NIC
next_nic() {
  local key words list
  [ "$i" -lt "$interfaces_count" ] || return 1
  nic_at=interfaces_$i
  for key in bridge veth mac mtu vlan dhcp gateway; do eval "$key=\${${nic_at}_$key-}"; done
  eval "nic=\$${nic_at}_name words=\${${nic_at}_addresses-} trunk=\${${nic_at}_trunk_count:-0}"
  eval "spaced $words"
  addresses=$list
  i=$((i + 1))
}

# next_tag: VLAN number n of that interface's trunk, which goes up; false after the last. Sets: $TAG
next_tag() {
  local words list
  [ "$n" -lt "$trunk" ] || return 1
  tag_at=${nic_at}_trunk_$n
  eval "tag=\$${tag_at}_vlan tag_mtu=\$${tag_at}_mtu words=\$${tag_at}_addresses"
  eval "spaced $words"
  tag_addresses=$list tag_nic=$nic.$tag
  n=$((n + 1))
}

# spaced WORD...: joins the words with spaces. Unlike unquoted it starts no subshell. Sets: list
spaced() { list="$*"; }

# unquoted WORDS: removes the quotes of a list that assign has quoted, and joins its words with spaces.
unquoted() {
  eval "set -- $1"
  printf %s "$*"
}

# One line for each interface: VETH BRIDGE OWNER VLAN, or "-" for the VLAN and those of the trunk.
nics_ports() {
  local tags
  eval "$NIC; $TAG"
  while next_nic; do
    tags='' n=0
    while next_tag; do tags=$tags,$tag; done
    if [ -n "$tags" ]; then echo "$veth $bridge $id - ${tags#,}"; else echo "$veth $bridge $id ${vlan:-0}"; fi
  done
}

# nic_plug FOLDER [--bundle]: adds the port, and its flows from FOLDER, which a version without port security did not write.
# A running container needs --bundle, which changes all flows at once; before it runs, plain add-flows takes half the time.
# A port without a tag carries the trunk's VLANs, and nothing untagged.
nic_plug() {
  local flows="$1" how="${2:-}" tries=60 said number every
  if [ "$vlan" = - ]; then set -- 'tag=[]' "trunks=$tags"; else set -- "tag=$vlan" 'trunks=[]'; fi
  set -- -- set port "$veth" "$@" external_ids:vxlab-container="\"$owner\""
  number=$(ofport_of "$veth")
  [ -z "$number" ] || set -- "$@" -- set interface "$veth" ofport_request="$number"
  if [ -d "$STATE/chains" ]; then
    every=$(probe_of "$veth")
    [ -z "$every" ] || set -- "$@" -- set interface "$veth" bfd:enable=true bfd:min_tx="$every" bfd:min_rx="$every"
  fi
  vsctl --may-exist add-port "$bridge" "$veth" "$@"
  [ ! -d "$IMPAIRED" ] || impair_plug "$veth"
  # Left by a step that was killed while it set them.
  [ -d "$flows" ] || flows=$flows.new
  [ -d "$flows" ] || return 0
  # After a power failure the port is still in the database, so ovs-vsctl does not wait until ovs-vswitchd has opened it.
  until said=$(ovs-ofctl ${how:+"$how"} add-flows "$bridge" "$flows/$veth" 2>&1); do
    tries=$((tries - 1))
    case $tries,$said in
      [1-9]*"unknown port"* | [1-9]*"not a bridge"* | [1-9]*onnect*) sleep 0.5 ;;
      *) fail "no flows for port $veth of $bridge: $said" ;;
    esac
  done
}

# ofport_of NAME: the OpenFlow number that a port must have; nothing if it may have any.
ofport_of() {
  local name number
  [ -e "$OFPORTS" ] || return 0
  while read -r name number; do
    [ "$name" != "$1" ] || echo "$number"
  done <"$OFPORTS"
}

# probe_of VETH: the milliseconds between two probes of a port; nothing where there are none (components/chain/probes.sh).
probe_of() {
  local file veth every
  for file in "$STATE"/chains/*/probes; do
    [ -e "$file" ] || continue
    while read -r veth every; do
      [ "$veth" != "$1" ] || echo "$every"
    done <"$file"
  done
}

# nic_flows_gone FOLDER VETH BRIDGE: deletes the flows of a port that is gone: its number may be reused.
nic_flows_gone() {
  local cookie
  { read -r _ cookie <"$1/$2"; } 2>/dev/null || return 0
  # It fails if the bridge or ovs-vswitchd is gone; then so are the flows.
  ovs-ofctl del-flows "$3" "$cookie" 2>/dev/null || :
}

# Changes a running container, whose first process is pid, to what is wanted; that includes what somebody changed inside.
nics_live() {
  local owner tags on found changes
  eval "$NIC"
  while read -r veth bridge owner vlan tags; do
    # Ports do not move between bridges.
    on=$(vsctl port-to-br "$veth" 2>/dev/null) || on=$bridge
    if [ "$on" != "$bridge" ]; then
      vsctl --if-exists del-port "$veth"
      nic_flows_gone "$box/flows" "$veth" "$on"
    fi
    nic_plug "$box/flows.new" --bundle
  done <"$box/ports.new"
  while next_nic; do
    [ "$(cat "$NET/$veth/mtu")" = "$mtu" ] || ip link set dev "$veth" mtu "$mtu"
    [ -z "${repair-}" ] || ip link set dev "$veth" up
  done
  found=$(nsenter -t "$pid" -n sh -c 'ip -o link show; ip -o address show; ip -o route show default')
  changes=$({ nics_wanted && printf '%s\n' "$found"; } | awk "$LINKS_AWK")
  [ -z "$changes" ] || printf '%s\n' "$changes" | nsenter -t "$pid" -n "$(iproute_path)" -batch -
}

# nics_there: true if the host's ends of all interfaces exist. A container that lost one is restarted.
nics_there() {
  eval "$NIC"
  while next_nic; do [ -e "$NET/$veth" ] || return 1; done
}

# The interfaces inside, for links.awk.
nics_wanted() {
  local one
  eval "$NIC; $TAG"
  while next_nic; do
    echo "link $nic $mtu"
    echo "mac $nic $mac"
    if [ "$dhcp" = true ]; then echo "leased $nic"; fi
    for one in $addresses; do echo "address $nic $one"; done
    [ -z "$gateway" ] || echo "gateway $nic $gateway"
    n=0
    while next_tag; do
      echo "link $tag_nic $tag_mtu $nic $tag"
      for one in $tag_addresses; do echo "address $tag_nic $one"; done
    done
  done
}

# Removes what is left in Open vSwitch of the interfaces of the container in box.
nics_drop() {
  local have veth bridge
  for have in $(vsctl --bare --no-headings --columns=name find port external_ids:vxlab-container="\"$id\""); do
    vsctl --if-exists del-port "$have"
    [ -e "$box/ports" ] || continue
    while read -r veth bridge _; do
      [ "$veth" != "$have" ] || nic_flows_gone "$box/flows" "$veth" "$bridge"
    done <"$box/ports"
  done
}
