#!/bin/sh
# Probes through a transparent middle box: both of its ports run BFD (RFC 5880), so each receives what the other one sends through the box.
# Open vSwitch treats a port whose session is down as one without a link (ovs-vswitchd.conf.db(5), bfd), and the chain bypasses the box.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# chain_probe: makes the ports in probed send probes, and the other ports of this step stop.
chain_probe() {
  local veth _ was="$box/probes"
  set --
  eval "set -- ${probed-}"
  : >"$box/probes.new"
  for veth in "$@"; do echo "$veth $probe" >>"$box/probes.new"; done
  if [ -e "$was" ]; then
    while read -r veth _; do
      case " $* " in *" $veth "*) ;; *) vsctl --if-exists clear interface "$veth" bfd </dev/null ;; esac
    done <"$was"
  fi
  mv "$box/probes.new" "$was"
  [ $# -gt 0 ] || rm "$was"
  # A container that is not running has no ports yet. Three missed probes end a session (bfd:mult).
  for veth in "$@"; do
    vsctl --if-exists set interface "$veth" bfd:enable=true bfd:min_tx="$probe" bfd:min_rx="$probe"
  done
}

# chain_ready: waits until frames pass the transparent middle boxes that are new in the chain, for at most fifty tries (ten seconds, or more
# where programs start slowly): a container runs before its program connects its two interfaces. A box that passes no probe in that time
# gets packets anyway. In a chain with probes of its own, the box is bypassed until then.
chain_ready() {
  local veth had tries=50
  [ -z "${probe-}" ] || return 0
  eval "set -- ${was_boxes-}"
  had=" $* "
  eval "set -- ${boxes-}"
  for veth in "$@"; do
    shift
    # A container that is not running has no ports: do not wait for it.
    case $had in *" $veth "*) continue ;; *) [ -e "$NET/$veth" ] || continue ;; esac
    set -- "$@" "$veth"
    vsctl --if-exists set interface "$veth" bfd:enable=true bfd:min_tx=100 bfd:min_rx=100
  done
  [ $# -gt 0 ] || return 0
  until chain_passed "$@" || [ "$tries" = 0 ]; do
    tries=$((tries - 1))
    sleep 0.2
  done
  for veth in "$@"; do vsctl --if-exists clear interface "$veth" bfd; done
}

# chain_passed VETH...: true if each port receives the other's probes.
chain_passed() {
  local veth
  for veth in "$@"; do
    [ "$(vsctl --if-exists get interface "$veth" bfd_status:state 2>/dev/null)" = up ] || return 1
  done
}

# chain_unprobe: stops the probes of a step that is removed.
chain_unprobe() {
  local veth _
  [ -e "$CHAINS/$id/probes" ] || return 0
  while read -r veth _; do
    vsctl --if-exists clear interface "$veth" bfd </dev/null
  done <"$CHAINS/$id/probes"
}

# chain_probing VETH: whether it is probed as wanted.
chain_probing() {
  [ "$(vsctl --if-exists get interface "$1" bfd:enable bfd:min_tx bfd:min_rx 2>/dev/null | tr -d '"' | tr '\n' ' ')" = "true $probe $probe " ]
}

# chain_probed: a line of observe: those of the ports in probed that are.
chain_probed() {
  local veth found=''
  set --
  eval "set -- ${probed-}"
  for veth in "$@"; do
    if chain_probing "$veth"; then
      found="$found $veth"
    elif [ -e "$NET/$veth" ]; then
      # The same text as chain_drift prints, so that only one line is shown.
      fault probed "port $veth is not probed"
    else
      fault probed ''
    fi
  done
  echo "list probed$found"
}
