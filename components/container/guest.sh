#!/bin/sh
# A container of either kind: LXC's in lxc.sh, Docker's in docker.sh. Its interfaces, eth0, eth1, … inside, are ports of the
# host's bridges (nics.sh).
# desired state: {id, lab, name, kind, command: [..], interfaces: [{name, bridge, veth, mac, mtu, addresses: [..], dhcp,
#                 gateway|null, vlan|null, trunk: [{vlan, addresses: [..], mtu}]}]}, and what its kind adds
# A kind has KIND_apply, KIND_drop NAME and KIND_look, which say state (RUNNING, ABSENT, …) and pid.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of assign, by eval

container_apply() {
  eval "$(assign "$1" "$(desired container "$id")")"
  nics_shape
  # What was kept by the tools before there were kinds is LXC's.
  : "${kind:=lxc}" "${was_kind:=lxc}"
  case $kind in lxc | docker) ;; *) fail "no such kind of container: $kind" ;; esac
  container_alone
  [ -z "${was_name:-}" ] || [ "$was_name $was_kind" = "$name $kind" ] || ("${was_kind}_drop" "$was_name")
  "${kind}_apply"
  keep container "$id" "$1"
  printf '{"state":"%s","pid":%s}\n' "$state" "$pid"
}

# The host's end of an interface has the container's name in it.
container_alone() {
  shared container || return 0
  i=0
  set --
  while next_nic; do set -- "$@" "\"veth\":\"$veth\""; done
  alone "container $name: the name" "rename the container in one of the two labs (containers.$name)" container "" "$@"
}

container_remove() {
  eval "$(assign "$1" "$(desired container "$id")")"
  : "${kind:=lxc}" "${was_kind:=$kind}"
  # A step of another kind and the same name has taken its place, and has put it away already.
  if [ "$was_kind" = "$kind" ]; then
    "${kind}_drop" "$name"
    rm -f "$(desired container "$id")" "$STATE/images/$id.tar"
    leave
  fi
  printf '{}\n'
}

container_observe() {
  eval "$(assign "$1")"
  "${kind:-lxc}_look"
  printf '{"state":"%s","pid":%s}\n' "$state" "$pid"
}

# container_lease [FILE]: what udhcpc calls with a lease in the environment; the lease's name servers go into the file, for
# a client that runs in the container's own root.
container_lease() {
  printf '#!/bin/sh\nresolv=%s\n' "${1:-}"
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
