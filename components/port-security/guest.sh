#!/bin/sh
# Port security: flows on the bridge limit what a container's port may send (security.awk). nic_plug sets them with the port;
# security_again sets them when ovs-vswitchd, which keeps them in memory only, has restarted.
# Bridges have fail_mode=secure (ovs-vswitchd.conf.db(5)): without flows they forward nothing. The NORMAL flow is set after the
# ports' flows, so no port is ever open.
# shellcheck disable=SC2034,SC2154 # the variables come out of with_state, by eval

SECURITY_AWK='@security.awk@'
COMPARE_AWK='@differ.awk@'
SWITCHING="cookie=0x5ec0000000000000,priority=0 actions=NORMAL"
SECURED_AWK='!/^delete /; END { print last }'

# nics_flows FOLDER: writes one file of flows for each interface, named after its port.
nics_flows() {
  local fault
  [ ! -e "$1" ] || rm -rf "$1"
  mkdir "$1"
  fault=$(nics_senders | LC_ALL=C awk -v folder="$1" "$SECURITY_AWK") || fail "$fault"
}

# The interfaces, for security.awk.
nics_senders() {
  local one words secured leased open
  eval "$NIC; $TAG"
  while next_nic; do
    eval "secured=\${${nic_at}_sources_count+secured} words=\${${nic_at}_sources-}"
    [ "$dhcp" = true ] && leased=leased || leased=-
    # A side of a transparent middle box may send only what its chain lets through.
    [ "$vlan" != "$DEAD_VLAN" ] || secured=closed
    echo "port $veth $mac $leased ${secured:-open}"
    for one in $(unquoted "$words"); do echo "source - $one"; done
    nics_forwards "$nic_at" -
    n=0
    while [ -n "$secured" ] && next_tag; do
      eval "words=\${${tag_at}_sources-} open=\${${tag_at}_sources_count-open}"
      [ "$open" != open ] || echo "open $tag"
      for one in $(unquoted "$words"); do echo "source $tag $one"; done
      nics_forwards "$tag_at" "$tag"
    done
  done
}

# nics_forwards AT TAG: what a router's interface forwards.
nics_forwards() {
  local one forwards within
  eval "forwards=\${$1_forwards-} within=\${$1_within-}"
  for one in $(unquoted "$forwards"); do echo "forward $2 $one"; done
  for one in $(unquoted "$within"); do echo "within $2 $one"; done
}

# security_flows BRIDGE: prints the flows of its container ports, except those listed in skip, those of chains, then the bridge's
# NORMAL flow.
security_flows() {
  local files
  security_files "$1"
  # The file of a port without port security holds deletions only.
  eval "set -- $files"
  LC_ALL=C awk -v last="$SWITCHING" "$SECURED_AWK" "$@"
}

# security_files BRIDGE: where these flows are, as words. Sets: files
security_files() {
  local on="$1" file folder veth bridge
  files=/dev/null
  for file in "$STATE"/containers/*/ports "$STATE"/docker/*/ports; do
    folder=${file%/ports}/flows
    # As in nic_plug.
    [ -d "$folder" ] || folder=$folder.new
    [ -d "$folder" ] || continue
    while read -r veth bridge _; do
      case " $skip " in *" $veth "*) continue ;; esac
      # Without the interface the container is not running, and ovs-ofctl refuses the name of its port.
      [ "$bridge" != "$on" ] || [ ! -e "$NET/$veth" ] || files="$files $folder/$veth"
    done <"$file"
  done
  chain_files "$on"
}

# unknown_port MESSAGE: adds the port that ovs-ofctl did not find to skip; its name is in veth. nic_plug sets its flows later.
# Sets: veth skip
unknown_port() {
  case $1 in *": invalid or unknown port"*) ;; *) return 1 ;; esac
  veth=${1%%: invalid or unknown port*}
  veth=${veth##*: }
  # ovs-ofctl's message has the name as the flow spells it.
  veth=${veth#\"}
  veth=${veth%\"}
  skip="$skip ${veth:?}"
}

# security_again BRIDGE: sets all flows of a bridge. It deletes none, and the NORMAL flow is the last one: so it needs no bundle,
# which takes twice as long.
security_again() {
  local skip='' tries=60 said veth
  until said=$(security_flows "$1" | ovs-ofctl add-flows "$1" - 2>&1); do
    tries=$((tries - 1))
    # A switch that has just been started does not listen yet.
    case $tries,$said in
      0,*) fail "no flows on $1: $said" ;;
      *"not a bridge"* | *onnect*) sleep 0.2 ;;
      *) unknown_port "$said" || fail "no flows on $1: $said" ;;
    esac
  done
}

# Prints the names of this host's bridges, one a line.
security_bridges() {
  local one
  kept bridge name | while read -r _ _ _ one; do echo "$one"; done
}

# For drift_words: one line for each fault, after the bridge's lab and step, and what flows differ.
security_drift() { kept_each bridge security_drift_of; }

security_drift_of() {
  local switch="$name" mode skip differ veth line about="$lab/$step	bridge $name"
  # A missing bridge is reported elsewhere.
  if [ "${looked-}" = all ]; then seen_of mode "$switch" && mode=$line || mode=; else mode=$(vsctl --if-exists get bridge "$switch" fail_mode); fi
  [ -n "$mode" ] || return 0
  [ "$mode" = secure ] ||
    echo "$about: fail_mode is not secure: when ovs-vswitchd restarts, port security is off until its flows are set"
  skip=
  until differ=$(security_differ "$switch"); do
    if ! unknown_port "$differ"; then
      printf '%s\n' "judge flows $about" "$differ" judged
      break
    fi
    echo "$about: port $veth is missing, and its container is running"
  done
}

# security_strays BRIDGE: deletes the flows that differ from the lab's in their match.
security_strays() {
  local switch="$1" skip='' differ strays veth
  # The flows of a missing port are set by its container's step; ovs-ofctl compares nothing if one of the flows names such a port.
  until differ=$(security_differ "$switch"); do unknown_port "$differ" || break; done
  strays=$(printf '%s\n' "$differ" | LC_ALL=C awk '/^-/ {
    match_of = substr($0, 2)
    sub(/ *actions=.*/, "", match_of)
    sub(/ *cookie=[^ ,]*,?/, "", match_of)
    gsub(/^ +| +$/, "", match_of)
    gsub(/ +/, ",", match_of)
    print "delete_strict " match_of
  }')
  [ -z "$strays" ] || printf '%s\n' "$strays" | ovs-ofctl --bundle --names add-flows "$switch" -
  # A changed flow has the same match, so it is not deleted.
  [ -z "$strays" ] || security_again "$switch"
}

# security_differ BRIDGE: does not use security_flows, which would start another shell for a pipe.
security_differ() {
  local files on="$1"
  security_files "$on"
  eval "set -- $files"
  LC_ALL=C awk -v last="$SWITCHING" "$SECURED_AWK" "$@" | ovs-ofctl --names diff-flows "$on" /proc/self/fd/0 2>&1
}
