#!/bin/sh
# Port security: what a container's port lets out, by flows of its bridge (security.awk). They are set with the port
# (nics.sh), and here whenever they are lost: ovs-vswitchd alone holds them.
# So that no port is open before its flows are back, a bridge fails secure: it switches nothing by itself
# (ovs-vswitchd.conf.db(5), fail_mode), but by a flow that comes back together with theirs.
# shellcheck disable=SC2034,SC2154 # the variables come out of assign, by eval

SECURITY_AWK='@security.awk@'
DIFFER_AWK='@differ.awk@'
SWITCHING="cookie=0x5ec0000000000000,priority=0 actions=NORMAL"

# nics_flows FOLDER: of each interface a file with its port's flows.
nics_flows() {
  [ ! -e "$1" ] || rm -rf "$1"
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
  on=$1
  set --
  for file in "$STATE"/containers/*/ports "$STATE"/docker/*/ports; do
    [ -d "${file%/ports}/flows" ] || continue
    while read -r veth bridge _; do
      case " $skip " in *" $veth "*) continue ;; esac
      # Without an interface no container runs.
      [ "$bridge" != "$on" ] || [ ! -e "$NET/$veth" ] || set -- "$@" "${file%/ports}/flows/$veth"
    done <"$file"
  done
  # What open ports have is deletions alone.
  [ $# -eq 0 ] || grep -hv '^delete ' "$@" || :
  echo "$SWITCHING"
}

# unknown_port SAID: in veth, the port that ovs-ofctl does not find. Whoever plugs it in sets its flows.
unknown_port() {
  case $1 in *": invalid or unknown port"*) ;; *) return 1 ;; esac
  veth=${1%%: invalid or unknown port*}
  veth=${veth##*: }
  skip="$skip ${veth:?}"
}

# security_again BRIDGE: nothing is taken away, and the bridge's own flow is the last. So no port is open on the way, though
# this is no bundle, which takes twice as long.
security_again() {
  skip=
  tries=60
  until said=$(security_flows "$1" | ovs-ofctl add-flows "$1" - 2>&1); do
    tries=$((tries - 1))
    # A switch that was only just started does not listen yet.
    case $tries,$said in
      0,*) fail "no flows on $1: $said" ;;
      *"not a bridge"* | *onnect*) sleep 0.2 ;;
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
  for switch in $(security_bridges); do
    plain "$switch"
    # A bridge that is not there is for others to say.
    mode=$(vsctl --if-exists get bridge "$switch" fail_mode)
    [ -n "$mode" ] || continue
    [ "$mode" = secure ] ||
      echo "bridge $switch: fail_mode is not secure: whenever ovs-vswitchd starts, every port is open until its flows are back"
    skip=
    until differ=$(security_differ); do
      if ! unknown_port "$differ"; then
        printf '%s\n' "$differ" | LC_ALL=C awk -v bridge="$switch" "$DIFFER_AWK"
        break
      fi
      echo "bridge $switch: has no port $veth, and its container runs"
    done
    rm -f "$STATE/.flows"
  done
}

security_differ() {
  security_flows "$switch" >"$STATE/.flows"
  ovs-ofctl --names diff-flows "$switch" "$STATE/.flows" 2>&1
}
