#!/bin/sh
# Routes and kernel settings of a container of any kind, set from outside by its network's namespace: the image needs no tools for
# them. Routes are marked by their protocol, so that those of a routing daemon in the container are left alone.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state, by eval

# A route protocol number that nobody uses (iproute2, etc/iproute2/rt_protos).
PROTO=86
# routing_inside: a shell in the network's namespace, with this script and the lines of routing_settings on stdin.
routing_inside() { nsenter -t "$pid" -n sh -c "$1"; }

# Sets them; prints the previous values.
routing_setter() {
  cat <<'SET'
while read -r name value; do
  at=/proc/sys/$name
  [ -e "$at" ] || { echo "vxlab: there is no kernel setting $name in this container" >&2; exit 1; }
  set -- $(cat "$at")
  [ "$*" != "$value" ] || continue
  echo "$name $*"
  echo "$value" >"$at" || exit 1
done
SET
}

# Prints what they are: NAME VALUE.
routing_getter() {
  cat <<'GET'
while read -r name value; do
  set -- $(cat "/proc/sys/$name" 2>/dev/null)
  echo "$name $*"
done
GET
}

# routing_again: finds the running container, then sets its routes and kernel settings.
routing_again() {
  local box state pid
  box=$("${kind}_box")
  if [ "${routes_count:-0}${sysctls_count:-0}" = 00 ] && [ ! -e "$box/tuned" ] && [ ! -e "$box/routes" ]; then return 0; fi
  "${kind}_look"
  routing_apply
}

# routing_apply: of the running container, whose first process is pid. The file tuned has what settings were before.
routing_apply() {
  local box
  box=$("${kind}_box")
  routing_plain
  if [ "${sysctls_count:-0}" != 0 ] || [ -s "$box/tuned" ]; then routing_sysctls; fi
  if [ "${routes_count:-0}" != 0 ] || [ -e "$box/routes" ]; then routing_routes; fi
}

# guest wire NAME: what LXC calls before the first process of each start, also when the container restarts itself (lxc.container.conf(5),
# lxc.hook.start-host). What fails here, such as a setting of a VLAN that the container makes itself, is set by the step later.
routing_wire() {
  local box="$BOXES/$1" pid="$LXC_PID" id device own address
  routing_begin "$box"
  sed -n 's/^sysctl //p' "$box/wire" | routing_inside "$(routing_setter)" >"$box/tuned" 2>/dev/null || :
  sed -n "s/^route \(.*\) \(.*\)/route replace \1 via \2 proto $PROTO/p" "$box/wire" |
    nsenter -t "$pid" -n "$(iproute_path)" -force -batch - >/dev/null 2>&1 || :
  : >"$box/routes"
  sed -n 's/^publish //p' "$box/wire" | while read -r id device own address; do
    published_plug "$id" "$device" "$own" "$address"
  done >/dev/null 2>&1 || :
}

# The data for that hook.
routing_lines() { routing_settings | sed 's/^/sysctl /' && routing_ways | sed 's/^/route /'; }

# A container that has just started has lost the settings made before.
routing_begin() { rm -f "$1/tuned" "$1/routes"; }

routing_plain() {
  local i=0 to via name value
  while [ "$i" -lt "${routes_count:-0}" ]; do
    eval "to=\$routes_${i}_to via=\$routes_${i}_via"
    plain "$to" "$via"
    i=$((i + 1))
  done
  i=0
  while [ "$i" -lt "${sysctls_count:-0}" ]; do
    eval "name=\$sysctls_${i}_name value=\$sysctls_${i}_value"
    plain "$name" "$(printf %s "$value" | tr ' ' ,)"
    case $name in net/*..* | [!n]* | n[!e]* | ne[!t]* | net[!/]*) fail "desired state holds a kernel setting of the host: $name" ;; esac
    i=$((i + 1))
  done
}

# One line for each: NAME VALUE, and TO VIA.
routing_settings() { routing_pairs sysctls name value; }
routing_ways() { routing_pairs routes to via; }

# routing_pairs LIST FIELD FIELD: two fields of each entry.
routing_pairs() {
  local i=0 count
  eval "count=\${$1_count:-0}"
  while [ "$i" -lt "$count" ]; do
    eval "printf '%s\n' \"\$$1_${i}_$2 \$$1_${i}_$3\""
    i=$((i + 1))
  done
}

# First those that are no longer wanted get their previous values.
routing_sysctls() {
  local before
  touch "$box/tuned"
  before=$({ routing_settings && echo / && cat "$box/tuned"; } |
    awk '$0 == "/" { had = 1; next } had && !($1 in want) { print } !had { want[$1] }')
  if [ -n "$before" ]; then
    printf '%s\n' "$before" | routing_inside "$(routing_setter)" >/dev/null || fail "container $name: its kernel settings cannot be restored"
  fi
  routing_settings | routing_inside "$(routing_setter)" >"$box/tuned.new" || fail "container $name: a kernel setting cannot be set, see above"
  { routing_settings && echo / && cat "$box/tuned" "$box/tuned.new"; } |
    awk '$0 == "/" { had = 1; next } !had { want[$1]; next } $1 in want && !seen[$1]++' >"$box/tuned.over"
  rm -f "$box/tuned.new"
  mv "$box/tuned.over" "$box/tuned"
}

# The routes with our protocol number: TO VIA, as `ip` shows them.
routing_found() {
  nsenter -t "$pid" -n "$(iproute_path)" -o -4 route show proto "$PROTO" | routing_read 0.0.0.0/0 /32
  nsenter -t "$pid" -n "$(iproute_path)" -o -6 route show proto "$PROTO" | routing_read ::/0 /128
}

# routing_read EVERYTHING LONGEST: with the prefix lengths that ip leaves out.
routing_read() {
  awk -v everything="$1" -v longest="$2" '{
    to = $1 == "default" ? everything : $1 ~ /\// ? $1 : $1 longest
    for (i = 2; i < NF; i++) if ($i == "via") print to, $(i + 1)
  }'
}

routing_routes() {
  local changes
  changes=$({ routing_ways && echo / && routing_found; } | awk -v proto="$PROTO" '
    $0 == "/" { had = 1; next }
    !had { want[$1] = $2; order[++n] = $1; next }
    want[$1] == $2 { there[$1]; next }
    { print "route del " $1 " via " $2 " proto " proto }
    END { for (i = 1; i <= n; i++) if (!(order[i] in there)) print "route replace " order[i] " via " want[order[i]] " proto " proto }')
  [ -z "$changes" ] || printf '%s\n' "$changes" | nsenter -t "$pid" -n "$(iproute_path)" -batch - ||
    fail "container $name: its routes cannot be set, see above"
  if [ "${routes_count:-0}" = 0 ]; then rm -f "$box/routes"; else : >"$box/routes"; fi
}

# Routes and settings as they are, as lines for observe.awk.
routing_observed() {
  [ "${routes_count:-0}" = 0 ] || { routing_ways && echo / && routing_found; } | LC_ALL=C awk '
    $0 == "/" { had = 1; next }
    !had { order[++n] = $1; next }
    { via[$1] = $2 }
    function one(to) { out = out (out == "" ? "" : ",") "{\"to\":\"" to "\",\"via\":\"" via[to] "\"}"; delete via[to] }
    END {
      for (i = 1; i <= n; i++) if (order[i] in via) one(order[i])
      for (to in via) one(to)
      print "json routes [" out "]"
    }'
  [ "${sysctls_count:-0}" = 0 ] || routing_settings | routing_inside "$(routing_getter)" |
    awk '{ sub(/^[^ ]+ /, ""); print "text sysctls." NR - 1 ".value " $0 }'
}

# Differences from what is wanted, one line each.
routing_faults() {
  [ "${routes_count:-0}" = 0 ] || { routing_ways && echo / && routing_found; } | awk '
    $0 == "/" { had = 1; next }
    !had { want[$1] = $2; order[++n] = $1; next }
    { via[$1] = $2 }
    END { for (i = 1; i <= n; i++) { to = order[i]
      if (!(to in via)) print "route " to " is missing"
      else if (via[to] != want[to]) print "route " to " leads to " via[to] " instead of " want[to] } }'
  [ "${sysctls_count:-0}" = 0 ] || { routing_settings && echo / && routing_settings | routing_inside "$(routing_getter)"; } | awk '
    { name = $1; sub(/^[^ ]+ ?/, "") }
    name == "/" { had = 1; next }
    !had { want[name] = $0; next }
    want[name] != $0 { print "kernel setting " name " is " ($0 == "" ? "missing" : $0) " instead of " want[name] }'
}
