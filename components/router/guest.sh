#!/bin/sh
# The BGP router of segments that flood by EVPN: FRR's zebra and bgpd, each with a loop that restarts it when it ends. They have
# configuration, sockets and process files of their own (frr(8), --pathspace), so vtysh takes -N vxlab.
# Desired state: components/router/thing.ts.
# shellcheck disable=SC2034,SC2154 # some are read by what is called; the variables come out of with_state, by eval

ROUTER=$STATE/router
FRR=${VXLAB_FRR:-/usr/lib/frr}
FRR_RUN=${VXLAB_FRR_RUN:-/run/frr}/vxlab
FRR_ETC=${VXLAB_FRR_ETC:-/etc/frr}/vxlab

router_apply() {
  local kind
  router_plain
  # A router handles every VNI of the host, so only one lab can have one.
  ! shared router ||
    fail "another lab has an EVPN router on this host, and there can be one only. Nothing was changed here: use flooding: evpn in one of the two labs"
  for kind in bgpd zebra; do
    [ -x "$FRR/$kind" ] || fail "no FRR on this host: apt-get install frr, and systemctl mask frr before it (prepare.sh does both)"
  done
  router_free
  guard_apply router
  mkdir -p "$ROUTER"
  chmod 755 "$ROUTER"
  router_run
  chown frr:frr "$FRR_RUN"
  # Otherwise vtysh asks root for a password.
  mkdir -p "$FRR_ETC"
  echo "username root nopassword" >"$FRR_ETC/vtysh.conf"
  router_zebra >"$ROUTER/zebra.new"
  router_bgpd >"$ROUTER/bgpd.new"
  echo "$local $reflector" >"$ROUTER/role"
  router_take
  router_start
  keep router
  answer
}

# The folder around FRR_RUN belongs to FRR's package where systemd makes it; one that was made here is removed with the router.
router_run() {
  [ ! -d "$FRR_RUN" ] || return 0
  if [ -d "${FRR_RUN%/*}" ]; then rm -f "$ROUTER/run"; else : >"$ROUTER/run"; fi
  mkdir -p "$FRR_RUN"
}

router_plain() {
  local i=0 neighbour remote
  plain "$bridge" "$local" "$as"
  for neighbour in $(unquoted "$listen") $(unquoted "$clients"); do plain "$neighbour"; done
  while next_neighbour; do plain "$neighbour" "$remote"; done
}

# next_neighbour: address and AS of number i, which goes up; false after the last. Sets: i neighbour remote
next_neighbour() {
  [ "$i" -lt "${neighbours_count:-0}" ] || return 1
  eval "neighbour=\$neighbours_${i}_address remote=\$neighbours_${i}_as"
  i=$((i + 1))
}

# Two zebras in one network would program each other's routes.
router_free() {
  local file name pid
  for file in "$PROC"/[0-9]*/comm; do
    { read -r name <"$file"; } 2>/dev/null || continue
    case $name in zebra | bgpd) ;; *) continue ;; esac
    pid=${file%/comm}
    pid=${pid##*/}
    case $(tr '\0' ' ' <"$PROC/$pid/cmdline" 2>/dev/null) in *" -N vxlab "*) continue ;; esac
    [ "$(readlink "$PROC/$pid/ns/net")" = "$(readlink "$PROC/self/ns/net")" ] || continue
    fail "somebody else's $name runs on this host (process $pid), and there can be one only. Nothing was changed here: stop it (systemctl disable --now frr), or take the host out of segments with flooding: evpn"
  done
}

# Without nht resolve-via-default, a router of another owner behind the default route counts as unreachable.
router_zebra() {
  echo "! vxlab: written by the guest tools"
  echo "ip nht resolve-via-default"
  echo "hostname $(cat /proc/sys/kernel/hostname)"
}

# Timers: routes of a host that no longer answers are removed after 9 s. no dup-addr-detection: a MAC that moves five times in three minutes
# would be frozen, and exercises with a lab do that. no bgp ebgp-requires-policy (RFC 8212): routes of other owners count only for VNIs that
# this host has.
router_bgpd() {
  local i=0 neighbour remote
  echo "! vxlab: written by the guest tools"
  echo "router bgp $as"
  echo " bgp router-id $local"
  echo " no bgp default ipv4-unicast"
  echo " no bgp ebgp-requires-policy"
  [ "$reflector" != true ] || echo " bgp cluster-id 10.0.0.1"
  echo " neighbor vx peer-group"
  echo " neighbor vx remote-as $as"
  router_session vx
  while next_neighbour; do router_neighbour; done
  if [ "$reflector" = true ]; then
    echo " bgp listen limit 5000"
    for neighbour in $(unquoted "$listen"); do echo " bgp listen range $neighbour peer-group vx"; done
  fi
  echo " address-family l2vpn evpn"
  echo "  neighbor vx activate"
  [ "$reflector" != true ] || echo "  neighbor vx route-reflector-client"
  i=0
  while next_neighbour; do
    [ "$remote" = "$as" ] || echo "  neighbor $neighbour activate"
  done
  echo "  advertise-all-vni"
  echo "  no dup-addr-detection"
}

# router_session WHO: the configuration that all sessions share.
router_session() {
  echo " neighbor $1 update-source $local"
  echo " neighbor $1 timers 3 9"
  echo " neighbor $1 timers connect 2"
}

# Another owner's router may be behind further routers. disable-connected-check: FRR 8.4 forgets ebgp-multihop when the neighbour connects
# while a session exists (peer_xfer_config copies no TTL), and then treats the neighbour's routes as unreachable.
router_neighbour() {
  if [ "$remote" = "$as" ]; then
    echo " neighbor $neighbour peer-group vx"
  else
    echo " neighbor $neighbour remote-as $remote"
    echo " neighbor $neighbour ebgp-multihop 8"
    echo " neighbor $neighbour disable-connected-check"
    router_session "$neighbour"
  fi
}

# Applies the new configuration. If only neighbours differ, the running router is reconfigured, and no session ends.
router_take() {
  local kind
  if ! cmp -s "$ROUTER/bgpd.new" "$ROUTER/bgpd.conf"; then
    if router_same && router_pid bgpd >/dev/null && router_tell; then :; else router_end bgpd; fi
  fi
  cmp -s "$ROUTER/zebra.new" "$ROUTER/zebra.conf" || router_end zebra
  for kind in zebra bgpd; do mv "$ROUTER/$kind.new" "$ROUTER/$kind.conf"; done
}

# True if only neighbours and networks to listen to have changed.
router_same() {
  [ -e "$ROUTER/bgpd.conf" ] || return 1
  [ "$(router_fixed <"$ROUTER/bgpd.new")" = "$(router_fixed <"$ROUTER/bgpd.conf")" ]
}

router_fixed() { grep -v -e '^ *neighbor [0-9]' -e '^ bgp listen range '; }

# A removed neighbour needs only the first line that names it; a new one needs all its lines.
router_tell() {
  local line
  set -- -c "configure terminal" -c "router bgp $as"
  while read -r line; do set -- "$@" -c "$line"; done <<CHANGES
$(router_changes)
CHANGES
  vtysh -N vxlab "$@" >"$FRR_RUN/vtysh.log" 2>&1
}

router_changes() {
  awk '
    function key(   k) { k = $1 == "neighbor" ? "neighbor " $2 : $0; sub(/^ */, "", k); return k }
    !/^ *neighbor [0-9]/ && !/^ bgp listen range / { next }
    { text = $0; sub(/^ */, "", text) }
    NR == FNR { was[key()] = was[key()] text "\n"; next }
    { if (!(key() in now)) order[++n] = key(); now[key()] = now[key()] text "\n" }
    END {
      for (k in was) if (was[k] != now[k]) print "no " k
      for (i = 1; i <= n; i++) {
        k = order[i]
        if (was[k] == now[k]) continue
        m = split(now[k], line, "\n")
        for (j = 1; j < m; j++) {
          if (line[j] ~ / activate$/) last[++a] = line[j]
          else print line[j]
        }
      }
      if (a) print "address-family l2vpn evpn"
      for (j = 1; j <= a; j++) print last[j]
    }' "$ROUTER/bgpd.conf" "$ROUTER/bgpd.new"
}

router_remove() {
  local kind made_run=false
  rm -f "$ROUTER/zebra.conf" "$ROUTER/bgpd.conf"
  # bgpd first, so that it closes its sessions.
  for kind in bgpd.loop zebra.loop bgpd zebra; do router_end "$kind"; done
  [ ! -e "$ROUTER/run" ] || made_run=true
  rm -rf "$ROUTER" "$FRR_RUN" "$FRR_ETC"
  [ "$made_run" = false ] || rmdir "${FRR_RUN%/*}" 2>/dev/null || :
  forget router
  guard_apply
  leave
  answer
}

# The running configuration, taken from its file.
router_observe() {
  if ! router_pid zebra >/dev/null || ! router_pid bgpd >/dev/null; then absent && return; fi
  awk '
    $1 == "router" { as = $3 }
    $2 == "router-id" || $1 == "bgp" && $2 == "router-id" { id = $3 }
    $2 == "cluster-id" { reflector = 1 }
    $1 == "neighbor" && $2 ~ /^[0-9]/ && $3 == "peer-group" { list = list ",{\"address\":\"" $2 "\",\"as\":" as "}" }
    $1 == "neighbor" && $2 ~ /^[0-9]/ && $3 == "remote-as" { list = list ",{\"address\":\"" $2 "\",\"as\":" $4 "}" }
    $1 == "bgp" && $2 == "listen" && $3 == "range" { ranges = ranges " " $4 }
    END {
      print "word as " as
      print "text local " id
      print "word reflector " (reflector ? "true" : "false")
      print "json neighbours [" substr(list, 2) "]"
      print "list listen" ranges
    }' "$ROUTER/bgpd.conf" | observed
}

router_drift() { kept_each router router_drift_of; }

router_drift_of() {
  local kind
  for kind in zebra bgpd; do
    router_pid "$kind" >/dev/null || router_says "$kind does not run: $(tail -n 1 "$FRR_RUN/$kind.log" 2>/dev/null)"
    router_pid "$kind.loop" >/dev/null || router_says "the loop that restarts $kind does not run"
  done
  [ "$(router_bgpd)" = "$(cat "$ROUTER/bgpd.conf" 2>/dev/null)" ] || router_says "$ROUTER/bgpd.conf is not as planned"
}

router_says() { printf '%s\trouter: %s\n' "$lab/$step" "$*"; }
