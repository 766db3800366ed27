#!/bin/sh
# The fragments of the host guard: the facts about each bridge, encryption, port, router, chain and service that guard.awk needs.
# shellcheck disable=SC2034,SC2154 # the variables come out of assign, by eval

guard_missing() {
  # Cleared, because the step that is being applied may have set them (a DHCP server or an IPv6 gateway).
  local dhcp_first='' nat6=''
  with_kept "$1" guard_fragment "${2%%-*}" "$2"
}

# guard_fragment KIND THING: writes the fragment of a thing whose desired state has been read.
guard_fragment() {
  local part
  part=$(guard_"$1" "$2")
  printf '%s\n' "$part" >"$GUARD/$2.$GUARD_FORM"
}

guard_bridge() {
  plain "$name" "$address"
  [ "$guard" = true ] || echo "bridge $name off"
  echo "inner $name $name $address"
}

guard_port() {
  local peers='' i=0 port remote under
  while next_remote; do
    plain "$remote"
    peers="$peers $remote"
  done
  # If the remotes are known, only they are peers: an empty list means that nobody is.
  [ -n "$remotes_count" ] || ! way_has "$flooding" senders || peers=" $("${flooding}_senders")"
  under=$(vtep_device "$local")
  plain "$bridge" "$udpPort" "$vni" "$under"
  echo "vni $bridge $udpPort $vni $under$peers"
  ! way_has "$flooding" bridged || echo "bridged $bridge $("${flooding}_bridged")"
  ! way_has "$flooding" inner || echo "inner $bridge $("${flooding}_inner")"
}

# Only a reflector accepts sessions.
guard_router() {
  local one list=''
  plain "$bridge" "$local"
  [ "$reflector" = true ] || return 0
  for one in $(unquoted "$clients"); do
    plain "$one"
    list="$list $one"
  done
  echo "bgp $bridge $local$list"
}

# For each tunnel of the chain, the peers are the chain's other hosts.
guard_chain() {
  local senders='' one under i=0 port vni
  for one in $(unquoted "$peers"); do
    plain "$one"
    senders="$senders $one"
  done
  under=$(vtep_device "$local")
  while next_tunnel; do echo "vni $bridge $udpPort $vni $under$senders"; done
}

guard_service() {
  local names
  plain "$bridge" "$device"
  guard_line "inner $bridge $device" "$(unquoted "$addresses")"
  [ -z "${dhcp_first-}" ] || echo "dhcp $bridge $device"
  [ "$nat${nat6-}" != false ] || return 0
  [ "$nat" = false ] || echo "nat $bridge $device"
  [ -z "${nat6-}" ] || echo "nat6 $bridge $device"
  guard_line "closed $bridge" "$(unquoted "$closed")"
  names=$(nameservers)
  # At boot the host may not have its name servers yet: keep the last known ones.
  if [ -n "$names" ]; then guard_line "dns $bridge" "$names"; else sed -n '/^dns /p' "$GUARD/$1.$GUARD_FORM" 2>/dev/null || :; fi
  guard_direct "$1"
}

# guard_direct THING: the families whose default route by the VTEP's interface has no next hop of the family, as on a point-to-point link or by
# RFC 8950: there every destination looks like a neighbour.
guard_direct() {
  local under family found
  under=$(vtep_device "$local")
  case $under in [-:]) under= ;; esac
  # busybox shows other routes as well.
  found=$(
    for family in 4 6; do ip -o "-$family" route show default 2>/dev/null | sed "s/^/$family /"; done |
      LC_ALL=C awk -v under="$under" '
        $2 != "default" || (under != "" && !index($0 " ", " dev " under " ")) { next }
        { found = 1; if (!match($0, $1 == 4 ? " via [0-9]" : " via (inet6 )?[0-9a-f]*:")) direct[$1] }
        END { if (found) print "found"; for (family in direct) print family }'
  )
  # At boot the host may not have its routes yet: keep the last known ones.
  if [ -z "$found" ]; then
    sed -n '/^direct /p' "$GUARD/$1.$GUARD_FORM" 2>/dev/null || :
  elif [ "$found" != found ]; then guard_line "direct $bridge" "${found#found}"; fi
}

# guard_line BEGINNING "WORD...": one line, even if a word holds a line break.
guard_line() {
  local line="$1" one
  for one in $2; do
    plain "$one"
    line="$line $one"
  done
  printf '%s\n' "$line"
}

# vtep_device ADDRESS: the interface with this address, the only one on which tunnel packets are accepted; "-" if they arrive by another
# one, since the address is on lo or a dummy device (is_stub); ":", which cannot be the name of an interface, if none has it yet.
vtep_device() {
  local at
  # "2: eth0    inet 192.168.10.156/24 …"
  read -r _ at _ <<FOUND
$(ip -o address show to "$1" 2>/dev/null)
FOUND
  if [ -z "$at" ]; then at=:; elif is_stub "$at"; then at=-; fi
  echo "$at"
}

# guard_late: the ports, as KIND-ID, for which no interface had the VTEP's address when they were applied.
guard_late() {
  local file
  grep -ls '^vni [^ ]* [^ ]* [^ ]* :' "$GUARD"/port-*."$GUARD_FORM" "$GUARD"/chain-*."$GUARD_FORM" | while read -r file; do
    file=${file##*/}
    echo "${file%."$GUARD_FORM"}"
  done
}
