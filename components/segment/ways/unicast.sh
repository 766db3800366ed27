#!/bin/sh
# Head-end replication: one tunnel port of the bridge for each remote VTEP; Open vSwitch copies floods to each.
# shellcheck disable=SC2034,SC2154 # some are read by what is called; the variables come out of with_state, by eval

# Sets: gone said
unicast_apply() {
  local tunnels='' i=0 port remote
  while next_remote; do tunnels="$tunnels $port "; done
  port_clear "$tunnels"
  said=
  eval "set -- $gone"
  # tag: 0 is an untagged access port; a port without a tag is a trunk, which would carry the frames of every segment.
  # protected: a mesh of three or more loops without split horizon (ovs-vswitchd.conf.db(5), Port); a hub passes on.
  i=0
  while next_remote; do
    # Options that somebody added are removed in the transaction that sets the others.
    if [ -n "${repair-}" ] && [ -e "$(desired port "$id")" ]; then set -- "$@" -- --may-exist add-port "$bridge" "$port" -- clear interface "$port" options; fi
    set -- "$@" -- --may-exist add-port "$bridge" "$port" \
      -- set port "$port" protected="$protected" tag="${vlan:-0}" external_ids:vxlab-port="\"$id\"" \
      -- set interface "$port" type="$encapsulation" options:remote_ip="\"$remote\"" options:local_ip="\"$local\"" \
      options:key="\"$vni\"" options:dst_port="\"$udpPort\"" external_ids:vxlab-port="\"$id\""
    # Without bfd:min_tx each end sends once a second, which is what the other accepts by default (ovs-vswitchd.conf.db(5), bfd:min_rx).
    if [ "${bfd-}" = true ]; then
      set -- "$@" bfd:enable=true
    elif [ -n "${was_bfd-}${repair-}" ]; then
      set -- "$@" -- clear interface "$port" bfd
    fi
  done
  # One transaction: all tunnels change at once or none does.
  [ $# -gt 0 ] || return 0
  shift
  if [ -z "$gone" ] || [ "$remotes_count" = 0 ]; then
    said=$(vsctl "$@" 2>&1) || { printf '%s\n' "$said" >&2 && exit 1; }
    return
  fi
  # When a tunnel is only renamed, Open vSwitch adds the new port before it has removed the old one, refuses two tunnels with the same ends
  # (ovs-vsctl exits with 0), and tries again only when something else in its database changes.
  said=$(vsctl "$@" 2>&1) || fail "$said"
  [ -z "$(port_refused)" ] || { vsctl set bridge "$bridge" external_ids:again=1 && vsctl remove bridge "$bridge" external_ids again; }
}

# If one of several tunnels is not as wanted, its values are printed. For guest drift, `faults` names that tunnel, and reports what observe
# has no field for.
UNICAST_AWK='
function way(   i, name, list) {
  for (i = 1; i <= n; i++) {
    name = names[i]
    if (name in known_port) faults(name)
    one("text", "encapsulation", type[name])
    one("word", "vni", option[name, "key"])
    one("word", "udpPort", option[name, "dst_port"])
    one("text", "local", option[name, "local_ip"])
    one("tag", "vlan", tag[name])
    one("word", "protected", split_horizon[name])
    if (wanted["bfd"] != "" || probed[name]) one("word", "bfd", probed[name] ? "true" : "")
  }
  for (i in said) print said[i]
  for (i = 0; i < remotes; i++) if (wanted_port[i] in type) { list = list remote(wanted_port[i]); known[wanted_port[i]] }
  for (i = 1; i <= n; i++) if (!(names[i] in known)) list = list remote(names[i])
  print "json remotes [" substr(list, 2) "]"
}
function faults(name,   i, key) {
  differs(name, "encapsulation", type[name], wanted["encapsulation"], "encapsulation")
  differs(name, "vni", option[name, "key"], wanted["vni"], "VNI (key)")
  differs(name, "udpPort", option[name, "dst_port"], wanted["udpPort"], "UDP port (dst_port)")
  differs(name, "local", option[name, "local_ip"], wanted["local"], "local_ip")
  differs(name, "vlan", tag[name], wanted["vlan"] == "" ? "0" : wanted["vlan"], "VLAN (tag)")
  differs(name, "protected", split_horizon[name], wanted["protected"], "protected")
  differs(name, "bfd", probed[name] ? "on" : "off", wanted["bfd"] == "true" ? "on" : "off", "BFD")
  for (i in option) {
    split(i, key, SUBSEP)
    if (key[1] == name && key[2] !~ /^(key|dst_port|local_ip|remote_ip)$/)
      print "fault - tunnel " name ": option " key[2] "=" option[i] " is not in the plan"
  }
  if (error[name] != "") print "fault - tunnel " name ": " error[name]
}
function differs(name, at, have, want, word) {
  if (have != want) print "fault " at " tunnel " name ": " word " " (have == "" ? "none" : have) " instead of " want
}
function one(form, at, text) {
  if (form == "tag" && text == "0") text = ""
  if (!(at in said) || text != wanted[at]) said[at] = (form == "tag" ? "word" : form) " " at (text == "" ? "" : " " (text == "[]" ? 0 : text))
}
'

unicast_observe() { port_awk "$UNICAST_AWK"; }
