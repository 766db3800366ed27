#!/bin/sh
# A container of any kind; each kind's scripts are in kinds/. Its interfaces, eth0, eth1, … inside, are ports of the
# host's bridges (nics.sh). Desired state: components/container/thing.ts.
# A kind has KIND_apply, KIND_drop NAME and KIND_look, which sets state (RUNNING, ABSENT, …) and pid.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

INSIDE_AWK='@inside.awk@'

container_apply() {
  nics_plain
  case $kind in @CONTAINERS@) ;; *) fail "unknown kind of container: $kind" ;; esac
  container_alone
  [ -z "${was_name:-}" ] || [ "$was_name $was_kind" = "$name $kind" ] || ("${was_kind}_drop" "$was_name")
  published_begin
  "${kind}_apply"
  keep container
  routing_again
  published_again
  content_apply
  ways stations
  [ -z "${was_published_device:-}" ] || nat_rest
  answer
}

# The host's end of an interface has the container's name in it.
container_alone() {
  shared container || return 0
  eval "$NIC"
  set --
  while next_nic; do set -- "$@" "$veth"; done
  alone "container $name: the name" "rename the container in one of the two labs (containers.$name)" container 'interfaces.*.veth' "$@"
}

container_remove() {
  # A step of another kind with the same name has replaced the container, and has removed it already.
  if [ "${was_kind:-$kind}" = "$kind" ]; then
    "${kind}_drop" "$name"
    published_off "${published_device-}"
    forget container
    ways stations
    [ -z "${published_device-}" ] || nat_rest
    rm -f "$STATE/images/$id.tar"
    leave
  fi
  answer
}

# A running container's command and image cannot change, so they are answered as wanted, as are addresses and routes from a DHCP server.
container_observe() {
  local state pid
  "${kind}_look"
  [ "$state" = RUNNING ] || { absent && return; }
  container_lines | LC_ALL=C awk "$INSIDE_AWK"' function put(text) { print text }' | observed
}

# For guest drift, which calls awk once for all containers. Files, routes and kernel settings are compared by inside_drift.
container_found() {
  local state pid
  "${kind}_look"
  case $state in
    RUNNING) container_links ;;
    # verify/look.ts merges these lines of all containers into one.
    SILENT) fault - "$kind does not answer" ;;
    *) echo gone ;;
  esac
}

container_lines() {
  content_observed
  routing_observed
  published_observed
  container_links
}

# One program shows links and addresses; the routes are in a file (proc(5), /proc/net/route). On our own image it is busybox's `ip`, which
# takes a sixth of the time under emulation.
container_links() {
  container_ports
  echo "net $PROC/$pid/net/route"
  if [ -d "$TOOLS-init" ]; then nsenter -t "$pid" -n /bin/busybox ip address show; else nsenter -t "$pid" -n ip address show; fi
}

# The data about the interfaces for inside.awk.
container_ports() {
  local at
  eval "$NIC; $TAG"
  while next_nic; do
    at=interfaces.$((i - 1))
    echo "nic $at $nic $dhcp"
    container_port
    n=0
    while next_tag; do echo "nic $at.trunk.$((n - 1)) $tag_nic false"; done
  done
}

# The port of the interface that next_nic found.
container_port() {
  local on have line tags='' n=0 tag tag_at tag_nic tag_mtu tag_addresses
  [ "${looked-}" != none ] || return 0
  bridge_of "$veth"
  echo "text $at.bridge $on"
  if [ -z "$on" ]; then
    fault "$at.bridge" "$nic: its port $veth is not on a bridge"
    fault "$at.vlan" ""
    return 0
  fi
  [ "$trunk" != 0 ] || { tag_of "$veth" && echo "tag $at.vlan $have"; }
  device_down "$veth"
  [ "${looked-}" = all ] || return 0
  while next_tag; do tags=$tags,$tag; done
  seen_of trunks "$veth" || return 0
  [ "$line" = "${tags#,}" ] || fault - "$nic: its port $veth carries the VLANs ${line:-(all)} instead of ${tags#,}"
}

# container_lease [FILE] [LINES]: what udhcpc calls with a lease in the environment; the lease's name servers go into the file, for
# a client that runs in the container's own root.
container_lease() {
  printf '#!/bin/sh\nresolv=%s\n%s' "${1:-}" "${2:-}"
  cat <<'LEASE'
case $1 in
  deconfig) ip -4 address flush dev "$interface" ;;
  bound | renew)
    ip address replace "$ip/${mask:-24}" dev "$interface"
    [ -z "${mtu:-}" ] || ip link set dev "$interface" mtu "$mtu"
    for gateway in ${router:-}; do ip route replace default via "$gateway" dev "$interface" && break; done
    [ -z "$resolv" ] || [ -z "${dns:-}" ] || for server in $dns; do echo "nameserver $server"; done >"$resolv"
    ;;
esac
LEASE
}
