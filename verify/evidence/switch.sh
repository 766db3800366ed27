#!/bin/sh
# Ports and bridges of Open vSwitch. One process for three tables: each costs 50 ms under emulation. With
# --timeout, since it would otherwise wait without end for a daemon that does not run.
said_of_switch() {
  ovs-vsctl --timeout=10 --format=json --columns=_uuid,name,protected,tag,trunks,vlan_mode,external_ids list port \
    -- --columns=name,type,ofport,error,options,statistics,bfd_status list interface -- --columns=name,ports,external_ids list bridge 2>&1
}

# BFD takes some seconds until both ends are up. Only BFD has the states down and init. A tunnel that was up before gets less time, since
# its path may be cut permanently.
waited=0
while said=$(said_of_switch) || :; do
  case $said in
    *'["flap_count","0"]'*) limit=10 ;;
    *'["state","down"]'* | *'["state","init"]'*) limit=4 ;;
    *) break ;;
  esac
  [ "$waited" -lt "$limit" ] || break
  waited=$((waited + 1))
  sleep 1
done
echo "== ovs"
printf '%s\n' "$said"
