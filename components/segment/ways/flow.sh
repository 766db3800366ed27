#!/bin/sh
# Static forwarding: a bridge behind the host's, joined by a pair of patch ports; static flows (flows.awk) on its one tunnel port. It is a
# separate bridge so that the host's bridge alone handles VLANs and learning, containers are added and removed without a change of flows,
# and nothing is forwarded while the flows are missing (fail_mode secure).
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

FLOWS_AWK='@flows.awk@'
# Longest list of differing flows that are named one by one.
FLOWS_NAMED=3

# Sets: gone
flow_apply() {
  local behind="$devices_bridge" tunnel="$devices_tunnel" patch="$devices_patch" peer="$devices_peer"
  [ "${was_devices_bridge-}" = "$behind" ] || bridge_free "$behind"
  port_clear " $tunnel $patch $peer $behind "
  # First the bridge, which gets no traffic yet: the patch ports are added once the flows are in place.
  vsctl --may-exist add-br "$behind" \
    -- set bridge "$behind" fail_mode=secure external_ids:vxlab="\"$lab\"" external_ids:vxlab-port="\"$id\"" \
    -- --may-exist add-port "$behind" "$tunnel" -- set port "$tunnel" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$tunnel" type="$encapsulation" ofport_request=2 options:remote_ip=flow options:local_ip="\"$local\"" \
    options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
  no_ipv6 "$behind" ""
  flow_again
  eval "set -- $gone"
  set -- "$@" -- --may-exist add-port "$bridge" "$patch" \
    -- set port "$patch" protected="$protected" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$patch" type=patch options:peer="$peer" external_ids:vxlab-port="\"$id\"" \
    -- --may-exist add-port "$behind" "$peer" -- set port "$peer" external_ids:vxlab-port="\"$id\"" \
    -- set interface "$peer" type=patch ofport_request=1 options:peer="$patch" external_ids:vxlab-port="\"$id\""
  shift
  vsctl "$@"
}

# Replaces all flows with these; flows that exist already are not touched.
flow_again() {
  local flows said tries=60
  flows=$(flow_wanted) || fail "$flows"
  # A switch that has just been started does not listen yet.
  until said=$(printf '%s\n' "$flows" | ovs-ofctl --bundle replace-flows "$devices_bridge" - 2>&1); do
    tries=$((tries - 1))
    case $tries,$said in [1-9]*"not a bridge"* | [1-9]*onnect*) sleep 0.5 ;; *) fail "no flows on $devices_bridge: $said" ;; esac
  done
}

flow_wanted() { printf '%s\n' "$json" | LC_ALL=C awk "$JSON_AWK $FLOWS_AWK"; }

# OpenFlow 1.4: older versions list set_field as load, so each such flow would differ.
flow_drift() {
  local wanted said code=0 about="$lab/$step"
  wanted=$(flow_wanted) || {
    printf '%s\t%s: %s\n' "$about" "$devices_bridge" "$wanted"
    return 0
  }
  said=$(printf '%s\n' "$wanted" |
    ovs-ofctl --timeout=10 -O OpenFlow14 --no-names diff-flows "$devices_bridge" /proc/self/fd/0 2>&1) || code=$?
  case $code in 0) return 0 ;; 2) ;; *) flow_unseen && return 0 ;; esac
  printf '%s\n' "$said" | awk -v about="$about" -v bridge="$devices_bridge" -v most="$FLOWS_NAMED" '
    /^-/ { if (++n[1] <= most) print about "\t" bridge ": flow is not in the plan: " substr($0, 2) }
    /^\+/ { if (++n[2] <= most) print about "\t" bridge ": flow is missing: " substr($0, 2) }
    END {
      if (n[1] > most) print about "\t" bridge ": " n[1] - most " more flows are not in the plan"
      if (n[2] > most) print about "\t" bridge ": " n[2] - most " more flows are missing"
    }'
}

flow_unseen() { printf '%s\t%s: its flows cannot be looked at: %s\n' "$about" "$devices_bridge" "$(printf %s "$said" | tail -n 1)"; }

flow_inner() { echo "$devices_bridge"; }

flow_observe() {
  local flows=same
  # flow_drift names the flows that differ.
  [ "${looked-}" = all ] || flow_wanted | ovs-ofctl -O OpenFlow14 --no-names diff-flows "$devices_bridge" /proc/self/fd/0 >/dev/null 2>&1 || flows=other
  port_awk '
    function way() {
      print "text encapsulation " type[tunnel]
      print "word vni " option[tunnel, "key"]
      print "word udpPort " option[tunnel, "dst_port"]
      print "text local " option[tunnel, "local_ip"]
      print "tag vlan " tag[patch]
      print "word protected " split_horizon[patch]
      print "text devices.bridge " behind
      if (!(tunnel in type)) print "text devices.tunnel"
      if (!(patch in type)) print "text devices.patch"
      print "text devices.peer " option[patch, "peer"]
      if (flows != "same") { print "word remotes"; print "word stations" }
    }
  ' -v flows="$flows"
}
