#!/bin/sh
# What LXC runs while a container starts and ends. It comes before the kinds of things, and ends the program, so that the shell need not
# read the rest of the tools.
# shellcheck disable=SC2034,SC2154 # nic_plug's; read's

BOXES=$STATE/containers

# LXC calls these as: guest plug NAME net up veth DEVICE (lxc.container.conf(5), lxc.net.[i].script.up).
plug() {
  local veth bridge owner vlan tags
  while read -r veth bridge owner vlan tags; do
    [ "$veth" != "$5" ] || nic_plug "$BOXES/$1/flows"
  done <"$BOXES/$1/ports"
}

unplug() {
  local veth bridge
  vsctl --if-exists del-port "$5"
  while read -r veth bridge _; do
    [ "$veth" != "$5" ] || nic_flows_gone "$BOXES/$1/flows" "$veth" "$bridge"
  done <"$BOXES/$1/ports"
}

case ${1:-} in
  plug | unplug)
    "$@"
    exit
    ;;
esac
