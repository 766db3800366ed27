#!/bin/sh
# What Open vSwitch says of its ports and bridges. One process for three tables: each costs 50 ms under emulation. With
# --timeout, since it would otherwise wait without end for a daemon that does not run.
echo "== ovs"
ovs-vsctl --timeout=10 --format=json --columns=_uuid,name,protected,tag,trunks,vlan_mode,external_ids list port \
  -- --columns=name,type,ofport,error,options,statistics list interface -- --columns=name,ports,external_ids list bridge 2>&1
