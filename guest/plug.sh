#!/bin/sh
# What LXC runs beside a container's start and end. It is read before the kinds of things, and ends here: under emulation a
# shell takes 75 ms to read all of the tools.
# shellcheck disable=SC2034,SC2154 # nic_plug's; read's

BOXES=$STATE/containers

# LXC calls these as: guest plug NAME net up veth DEVICE (lxc.container.conf(5), lxc.net.[i].script.up).
plug() {
  while read -r veth bridge owner vlan tags; do
    [ "$veth" != "$5" ] || nic_plug
  done <"$BOXES/$1/ports"
}

unplug() { vsctl --if-exists del-port "$5"; }

case ${1:-} in
  plug | unplug)
    "$@"
    exit
    ;;
esac
