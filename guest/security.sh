#!/bin/sh
# Port security: what a container's port lets out, by flows of its bridge (security.awk). They are set with the port
# (nics.sh), and here whenever they are lost: ovs-vswitchd alone holds them.
# So that no port is open before its flows are back, a bridge fails secure: it switches nothing by itself
# (ovs-vswitchd.conf.db(5), fail_mode), but by a flow that comes back together with theirs.
# shellcheck disable=SC2034,SC2154 # the variables come out of assign, by eval

SECURITY_AWK='@security.awk@'
SWITCHING="cookie=0x5ec0000000000000,priority=0 actions=NORMAL"

# nics_flows FOLDER: of each interface a file with its port's flows.
nics_flows() {
  rm -rf "$1"
  mkdir "$1"
  fault=$(nics_senders | LC_ALL=C awk -v folder="$1" "$SECURITY_AWK") || fail "$fault"
}

# The interfaces, for security.awk.
nics_senders() {
  i=0
  while next_nic; do
    eval "secured=\${${nic_at}_sources_count+secured} words=\${${nic_at}_sources-}"
    [ "$dhcp" = true ] && leased=leased || leased=-
    echo "port $veth $mac $leased ${secured:-open}"
    for one in $(unquoted "$words"); do echo "source - $one"; done
    n=0
    while [ -n "$secured" ] && next_tag; do
      eval "words=\${${tag_at}_sources-} open=\${${tag_at}_sources_count-open}"
      [ "$open" != open ] || echo "open $tag"
      for one in $(unquoted "$words"); do echo "source $tag $one"; done
    done
  done
}

# security_flows BRIDGE: the flows of its container ports but those in skip, then its own.
security_flows() {
  for file in "$STATE"/containers/*/ports "$STATE"/docker/*/ports; do
    [ -d "${file%/ports}/flows" ] || continue
    while read -r veth bridge _; do
      # Without an interface no container runs.
      if [ "$bridge" = "$1" ] && [ -e "$NET/$veth" ]; then
        case " $skip " in *" $veth "*) ;; *) cat "${file%/ports}/flows/$veth" ;; esac
      fi
    done <"$file"
  done
  echo "$SWITCHING"
}

# unknown_port SAID: in veth, the port that ovs-ofctl does not find. Whoever plugs it in sets its flows.
unknown_port() {
  case $1 in *": invalid or unknown port"*) ;; *) return 1 ;; esac
  veth=${1%%: invalid or unknown port*}
  veth=${veth##*: }
  skip="$skip ${veth:?}"
}

# security_again BRIDGE: everything at once, in one bundle.
security_again() {
  skip=
  tries=60
  while :; do
    flows=$(security_flows "$1")
    # A bundle of one takes twice as long.
    [ "$flows" != "$SWITCHING" ] && how=--bundle || how=
    said=$(printf '%s\n' "$flows" | ovs-ofctl ${how:+"$how"} add-flows "$1" - 2>&1) && return
    tries=$((tries - 1))
    # A switch that was only just started does not listen yet.
    case $tries,$said in
      0,*) fail "no flows on $1: $said" ;;
      *"not a bridge"* | *onnect*) sleep 0.5 ;;
      *) unknown_port "$said" || fail "no flows on $1: $said" ;;
    esac
  done
}

# The lab's bridges of this host, one name a line.
security_bridges() {
  for file in "$STATE"/desired/bridge-*.json; do
    [ -e "$file" ] || continue
    json=
    read -r json <"$file" || :
    case $json in *'"name":"'*) ;; *) continue ;; esac
    json=${json#*'"name":"'}
    printf '%s\n' "${json%%'"'*}"
  done
}

# What is not as it is kept, a line each; nothing when all is well.
security_drift() {
  for on in $(security_bridges); do
    plain "$on"
    mode=$(vsctl --if-exists get bridge "$on" fail_mode) || continue
    [ -n "$mode" ] || continue
    [ "$mode" = secure ] || echo "bridge $on: fail_mode is not secure: when ovs-vswitchd starts, ports are open until their flows are back"
    wanted=$STATE/.flows
    skip=
    while :; do
      security_flows "$on" | grep -v '^delete ' >"$wanted"
      differ=$(ovs-ofctl --names diff-flows "$on" "$wanted" 2>&1) && break
      if unknown_port "$differ"; then
        echo "port $veth: is not on bridge $on, and its container runs"
      else
        printf '%s\n' "$differ" | LC_ALL=C awk -v bridge="$on" "$DIFF_AWK"
        break
      fi
    done
    rm -f "$wanted"
  done
}

# ovs-ofctl diff-flows: "-" is what the bridge has alone, "+" what it should have alone; a flow that was changed is both.
DIFF_AWK='
/^[-+]/ {
  text = substr($0, 2)
  sign = substr($0, 1, 1)
  key = text
  sub(/ *actions=.*/, "", key)
  sub(/cookie=[^ ,]*,? */, "", key)
  if (!(key in known)) { known[key]; order[++n] = key }
  line[key, sign] = text
  next
}
{ print "bridge " bridge ": its flows cannot be seen: " $0 }
END {
  for (i = 1; i <= n; i++) {
    key = order[i]
    if (!((key, "-") in line)) print "bridge " bridge ": flow is missing: " line[key, "+"]
    else if (!((key, "+") in line)) print "bridge " bridge ": flow is not one of the lab: " line[key, "-"]
    else print "bridge " bridge ": flow was changed: " line[key, "-"] " instead of " line[key, "+"]
  }
}'
