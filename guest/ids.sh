#!/bin/sh
# Several labs on one host: whose a thing is, and names that only one of them can have.
# shellcheck disable=SC2154 # the variables come out of assign, by eval

# shared KIND: true when another lab keeps things of this kind here. Starts no program: most hosts have one lab.
shared() {
  for file in "$STATE/desired/$1"-*.json; do
    case ${file##*/} in "$1-$lab-"* | "$1-*.json") ;; *) return 0 ;; esac
  done
  return 1
}

# alone WHAT CURE KIND EXCEPT TEXT...: refuses, before anything is changed, what another lab has on this host: its desired state of
# this kind holds one of the texts, and not EXCEPT.
alone() {
  what=$1 cure=$2
  shift 2
  if [ -z "$lab" ] || ! shared "$1"; then return 0; fi
  other=$(elsewhere "$@")
  [ -z "$other" ] || fail "$what is in use on this host by another lab (id $other). Nothing was changed here: $cure"
}

# elsewhere KIND EXCEPT TEXT...: the id of that other lab, or nothing.
elsewhere() {
  own=$1-$lab- places=$STATE/desired/$1 except=$2
  shift 2
  for text in "$@"; do
    shift
    set -- "$@" -e "$text"
  done
  [ $# -gt 0 ] || return 0
  grep -lsF "$@" "$places"-*.json | while read -r file; do
    case ${file##*/} in "$own"*) continue ;; esac
    kept=$(cat "$file")
    # Without an exception: what no line has.
    case $kept in *"${except:-
}"*) continue ;; esac
    id_of "$kept"
    printf '%s\n' "$lab"
    break
  done
}

# take_over: what tools of level 1 kept by the step's name alone gets the lab's id too. Files are renamed and ports labelled anew:
# no container is started again, and no port is made again.
take_over() {
  [ -d "$STATE/desired" ] || return 0
  had=1
  [ ! -e "$STATE/level" ] || read -r had <"$STATE/level"
  [ "$had" -lt "$LEVEL" ] || return 0
  whole=true
  for file in "$STATE"/desired/*-*.json; do
    [ -e "$file" ] || continue
    thing=${file##*/}
    thing=${thing%%-*}
    # In a shell of its own: the variables are this thing's, and one that fails keeps nobody else back. Not in a condition, where set -e
    # has no effect.
    set +e
    (
      set -e
      take_over_one
    )
    taken=$?
    set -e
    [ "$taken" = 0 ] || { whole=false && printf 'vxlab: %s is kept in its old form until the next step\n' "$file" >&2; }
  done
  [ "$whole" = false ] || echo "$LEVEL" >"$STATE/level"
}

take_over_one() {
  json=$(cat "$file")
  case $json in *'"id":"'*'"lab":"'*) ;; *) return 0 ;; esac
  id_of "$json"
  case $file in */"$thing-$step.json") ;; *) return 0 ;; esac
  to=$(desired "$thing" "$id")
  eval "$(assign "$json")"
  case $thing in
    port)
      relabel vxlab-port interface
      [ ! -e "$STATE/begun/port-$step" ] || mv "$STATE/begun/port-$step" "$STATE/begun/port-$id"
      take_over_groups
      ;;
    container)
      relabel vxlab-container
      take_over_box "$BOXES/$name"
      [ ! -d "$BOXES/$name" ] || echo "$id" >"$BOXES/$name/owner"
      take_over_box "$STATE/docker/$step"
      # A link, since a Docker container has its mount's path for good.
      [ ! -d "$STATE/docker/$step" ] || { mv "$STATE/docker/$step" "$STATE/docker/$id" && ln -s "$id" "$STATE/docker/$step"; }
      [ ! -e "$IMAGES/$step.tar" ] || mv "$IMAGES/$step.tar" "$IMAGES/$id.tar"
      ;;
    service) relabel vxlab-service interface ;;
  esac
  if [ "$thing" = service ]; then take_over_service; else mv "$file" "$to"; fi
}

# relabel KEY [interface]: the ports of this step, and the bridge behind them.
relabel() {
  names=$(vsctl --bare --no-headings --columns=name find port external_ids:"$1"="\"$step\"" \
    -- --columns=name find bridge external_ids:"$1"="\"$step\"")
  key=$1 interface=${2:-}
  set --
  for have in $names; do
    plain "$have"
    case $have in
      bf*) set -- "$@" -- set bridge "$have" external_ids:"$key"="\"$id\"" ;;
      *)
        set -- "$@" -- set port "$have" external_ids:"$key"="\"$id\""
        [ -z "$interface" ] || set -- "$@" -- set interface "$have" external_ids:"$key"="\"$id\""
        ;;
    esac
  done
  [ $# -eq 0 ] || { shift && vsctl "$@"; }
}

# The kernel's devices, whose alias says whose they are.
take_over_groups() {
  for alias in "$NET"/vm*/ifalias; do
    [ -e "$alias" ] || continue
    text=$(cat "$alias")
    device=${alias%/ifalias}
    case $text in "vxlab $step "*) iproute link set dev "${device##*/}" alias "vxlab $id ${text#"vxlab $step "}" ;; esac
  done
}

# take_over_box FOLDER: plug and the next step read the owner out of these.
take_over_box() {
  for ports in "$1/ports" "$1/ports.new"; do
    [ -e "$ports" ] || continue
    awk -v was="$step" -v now="$id" '$3 == was { $3 = now } { print }' "$ports" >"$1/ports.over"
    mv "$1/ports.over" "$ports"
  done
}

# dnsmasq starts once more, with its leases; addresses are translated on without a gap, by the new table before the old one goes.
take_over_service() {
  old=$SERVICES/$step
  table=$(nat_table "$step") now=$id
  if [ -d "$old" ]; then
    id=$step
    dhcp_end loop
    dhcp_end dnsmasq
    id=$now
    mv "$old" "$SERVICES/$id"
  fi
  mv "$file" "$to"
  VXLAB_LOCKED=1 "$TOOLS/guest" apply service <"$to" >/dev/null || printf 'vxlab: %s failed\n' "$to" >&2
  ! nft list table inet "$table" >/dev/null 2>&1 || nft delete table inet "$table"
}
