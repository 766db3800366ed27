#!/bin/sh
# guest drift [all]: what on this host is not as its desired state says. Changes nothing and takes no lock, so that nobody waits for it;
# while a step runs, what the step is about may be listed. Files that are missing it cannot know: the CLI compares those.
#
# One line of JSON for each fault: {"of": "flows", "lab": "1f0c…", "step": "lab-kvm1-red", "found": "…"}; lab and step where they
# are known, since a host may hold several labs.
# A function KIND_drift prints one line of text for each fault, or LAB/STEP, a tab and the text; nothing when all is well.
# With `all`, what KIND_observe finds of every thing is compared with its desired state (differs.awk), and the files that steps made are
# compared with what they were; {"of":"foreign"} is what belongs to nobody. A kind with KIND_found, which prints observe's lines alone,
# costs fewer programs.
# shellcheck disable=SC2034,SC2154 # found, device and local are used by what is called; json is with_kept's

DRIFTS="encryption flows router nat dhcp guard security chain impairment inside published"
FORWARD_AWK='@forward.awk@'
SEEN_AWK='@seen.awk@'
DIFFERS_AWK='@differs.awk@'
# What a thing is called that is not there.
GONE="bridge:is missing,port:its ports are missing,service:its interface is missing,container:does not run"

drift() {
  local kind found done='' seen='' things='' foreign='' looked='' guard_seen=''
  local OVS_CTL_TIMEOUT=10
  export OVS_CTL_TIMEOUT
  [ "${1:-}" != all ] || drift_all
  for kind in $DRIFTS $KINDS; do
    case " $done " in *" $kind "*) continue ;; esac
    done="$done $kind"
    # Some kinds are in files that a host's tools may be without.
    command -v "${kind}_drift" >/dev/null || continue
    found=$("${kind}_drift") || found="$found
the host's $kind cannot be looked at"
    # Of awk only where there is something to say.
    [ -z "$found" ] || printf '%s\n' "$found" | LC_ALL=C awk -F '\t' -v kind="$kind" "$JSON_AWK"'NF {
      about = ""
      if (NF > 1) {
        split($1, part, "/")
        about = ",\"lab\":" json_quote(part[1]) ",\"step\":" json_quote(part[2])
      }
      print "{\"of\":" json_quote(kind) about ",\"found\":" json_quote($NF) "}"
    }'
  done
}

# What observe finds of each thing, with one question to Open vSwitch for all of them. Sets: seen things foreign looked guard_seen
drift_all() {
  local code
  drift_look || return 0
  guard_seen=$(nft -s list table inet "$GUARD_TABLE" 2>/dev/null) || :
  {
    drift_things 0
    drift_made
    printf '%s' "$foreign"
  } | LC_ALL=C awk "$INSIDE_AWK" | LC_ALL=C awk -v about="$GONE" "$JSON_AWK $DIFFERS_AWK"
}

# Sets: seen things foreign looked guard_seen
drift_look() {
  local ovs
  set -- "$STATE"/desired/*-*.json
  [ -e "$1" ] || return 1
  ovs=$(ovs_all 2>&1) || { drift_says "$(printf %s "$ovs" | tail -n 1)" && ovs= && looked=none; }
  eval "$(printf '%s\n' "$ovs" | LC_ALL=C awk -v protocol="$LEVEL" "$JSON_AWK $FIELDS_AWK $SEEN_AWK" - "$@")"
  [ "$looked" = none ] || looked=all
}

# Interfaces, ports and bridges, by one program: 0.1 s under emulation, as each of ovs-vsctl's questions. ovsdb-client(1)
ovs_all() {
  ovsdb-client --timeout=10 transact unix:"${VXLAB_OVS:-/run/openvswitch/db.sock}" '["Open_vSwitch",
    {"op":"select","table":"Interface","where":[],"columns":["name","type","options","bfd","error"]},
    {"op":"select","table":"Port","where":[],"columns":["_uuid","name","tag","trunks","protected","external_ids"]},
    {"op":"select","table":"Bridge","where":[],"columns":["name","ports","fail_mode","external_ids"]}]'
}

# kept_each KIND COMMAND: runs it for each thing of this kind that the host keeps, with its state in local variables. `drift all` has
# read them.
kept_each() {
  local number kind lab step file
  if [ -z "${things-}" ]; then
    kept "$1" v | while read -r file _; do with_kept "$file" "$2" </dev/null; done
    return 0
  fi
  while read -r number kind lab step file; do
    [ "$kind" != "$1" ] || "kept_$number" "$2" </dev/null
  done <<THINGS
$things
THINGS
}

# seen_of WORD NAME: the rest of that line of seen in line; false without one. Starts no program. Sets: line
seen_of() {
  line=${seen#*"
$1 $2 "}
  [ "$line" != "$seen" ] || return 1
  line=${line%%"
"*}
}

# bridge_of PORT: the bridge that it is on; nothing without one.
bridge_of() {
  local line
  if [ "${looked-}" != all ]; then vsctl port-to-br "$1" 2>/dev/null && return; return 0; fi
  seen_of port "$1" || return 0
  echo "${line% *}"
}

# tag_of PORT: its VLAN as Open vSwitch has it, 0 or [] without one; nothing without the port.
tag_of() {
  local line
  if [ "${looked-}" != all ]; then vsctl get port "$1" tag 2>/dev/null && return; return 0; fi
  seen_of port "$1" || return 0
  echo "${line##* }"
}

drift_says() { printf '{"of":"switch","found":"Open vSwitch does not answer: %s"}\n' "$(printf %s "$1" | tr -d '\\"' | tr '\t' ' ')"; }

# drift_things FROM: those from this number on, in one subshell, which costs as much as a program under emulation. A thing that cannot
# be looked at ends it, and the next ones come in another.
drift_things() {
  local drift_from="$1" number kind lab step file
  (
    trap '[ "$drift_from" = end ] || { echo "fault - cannot be looked at" && drift_things "$drift_from"; }' EXIT
    while read -r number kind lab step file; do
      if [ -z "$number" ] || [ "$number" -lt "$drift_from" ]; then continue; fi
      case $looked,$kind in none,port | none,service) continue ;; esac
      drift_from=$((number + 1))
      printf 'thing %s %s %s %s\n' "$kind" "$lab" "$step" "$file"
      if command -v "${kind}_found" >/dev/null; then
        "kept_$number" "${kind}_found" </dev/null
      elif command -v "${kind}_observe" >/dev/null; then
        "kept_$number" "${kind}_observe" </dev/null
      fi
    done <<THINGS
$things
THINGS
    drift_from=end
  ) 2>/dev/null
}

# Files that steps made and that are others now: "/var/…/config: FAILED" (sha256sum(1)).
drift_made() {
  local file line sums
  set -- "$STATE"/made/*
  [ -e "$1" ] || return 0
  ! sums=$(sha256sum -c "$@" 2>/dev/null) || return 0
  printf '%s\n' "$sums" | while read -r line; do
    case $line in *": OK") continue ;; esac
    line=${line%: FAILED*}
    grep -lF "  $line" "$@" | while read -r file; do drift_made_by "$file" "$line"; done
  done
}

# drift_made_by FILE PATH: whose it is.
drift_made_by() {
  local number kind lab step file id="${1##*/}"
  while read -r number kind lab step file; do
    case $file in */"$id.json") printf 'thing %s %s %s %s\nfault - %s\n' "$kind" "$lab" "$step" "$file" "$(drift_path "$2")" ;; esac
  done <<THINGS
$things
THINGS
}

drift_path() {
  case $1 in
    "$SYSCTL"/*) printf '%s was changed' "$(printf %s "${1#"$SYSCTL"/}" | tr / .)" ;;
    *) printf 'the file %s was changed' "$1" ;;
  esac
}

nat_drift() { kept_each service nat_drift_of; }

# A gateway's table is as it was loaded, the kernel forwards for its two interfaces, and nobody else's chain drops that.
nat_drift_of() {
  local table one inside='' chain
  [ "$nat${nat6-}" != false ] || return 0
  table=$(nat_table "$id")
  if [ "$(nat_is)" = false ]; then
    service_says "the nft table inet $table is missing: nothing is translated"
  # Loaded by the tools of before, which kept no listing: the next run of the step does.
  elif [ -e "$STATE/nft/$table" ] && ! nft_same "$table"; then
    service_says "the nft table inet $table is not as it was loaded"
  fi
  [ "${nat6:-false}" = false ] || [ "$(cat "$SYSCTL/net/ipv6/conf/all/forwarding")" = 1 ] ||
    service_says "net.ipv6.conf.all.forwarding is not 1"
  [ "$nat" = true ] || return 0
  for one in "$device" "$(underlay_device "$local")"; do
    [ "$(cat "$SYSCTL/net/ipv4/conf/$one/forwarding" 2>/dev/null)" = 1 ] || service_says "net.ipv4.conf.$one.forwarding is not 1"
  done
  for one in $(unquoted "$addresses"); do
    case $one in *:*) ;; *) inside=$one ;; esac
  done
  nat_closed "$inside" | while read -r chain; do
    service_says "what it forwards is dropped by a chain of somebody else: nft list chain $chain"
  done
}

service_says() { printf '%s\t%s: %s\n' "$lab/$step" "$device" "$*"; }

# nat_closed ADDRESS: somebody else's chains that drop what device forwards, FAMILY TABLE CHAIN, one a line.
nat_closed() { nft -s list ruleset 2>/dev/null | LC_ALL=C awk -v device="$device" -v address="$1" "$FORWARD_AWK"; }

dhcp_drift() { kept_each service dhcp_drift_of; }

dhcp_drift_of() {
  [ -n "${dhcp_first-}${nat6-}" ] || return 0
  dhcp_pid dnsmasq >/dev/null ||
    service_says "dnsmasq does not run: ${dhcp_first:+containers get no addresses}${nat6:+${dhcp_first:+, }nothing announces the IPv6 gateway}"
  dhcp_pid loop >/dev/null || service_says "the loop that restarts dnsmasq does not run"
}
