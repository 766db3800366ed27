#!/bin/sh
# guest drift [all]: differences between this host and its desired state. Changes nothing and takes no lock, so that nobody waits for it;
# while a step runs, the things that it changes may be listed. Missing files of desired state cannot be seen here: the CLI compares these.
#
# One line of JSON for each fault: {"of": "flows", "lab": "1f0c…", "step": "lab-kvm1-red", "found": "…"}; lab and step where they
# are known, since a host may hold several labs.
# A function KIND_drift prints one line of text for each fault, or LAB/STEP, a tab and the text; nothing when all is well.
# With `all`, what KIND_observe finds of every thing is compared with its desired state (differs.awk), and the files that steps made are
# compared with what they were; {"of":"foreign"} is what belongs to no lab. A kind with KIND_found, which prints observe's lines alone,
# costs fewer programs.
#
# Under emulation each program that starts costs 10 to 300 ms, and each subshell as much as the cheapest of them. So `all` asks Open vSwitch,
# nft and ip once each, one awk makes variables and functions of the answers and of every desired state (seen.awk), one subshell looks at
# everything, and one awk says what differs. Functions that are called meanwhile (looked is set) avoid starting programs.
# shellcheck disable=SC2034,SC2154 # found, device and local are used by what is called; json is with_kept's

DRIFTS="switch encryption flows router nat dhcp guard security chain impairment inside published"
FORWARD_AWK='@forward.awk@'
SEEN_AWK='@seen.awk@'
DIFFERS_AWK='@differs.awk@'
# The texts for missing things.
GONE="bridge:is missing,port:its ports are missing,service:its interface is missing,container:does not run"

drift() {
  local kind numbers='' jobs='' foreign='' looked='' silent=''
  local OVS_CTL_TIMEOUT=10 ENGINE_WAIT=10
  export OVS_CTL_TIMEOUT
  [ "${1:-}" != all ] || drift_look
  jobs="$numbers"
  for kind in $DRIFTS $KINDS; do
    # Without Open vSwitch these cannot be compared; switch_drift reports that it does not answer.
    case "$looked $kind" in "none flows" | "none security" | "none chain") continue ;; esac
    case " $jobs" in *" $kind "*) continue ;; esac
    # The tools may lack the file of a kind.
    ! command -v "${kind}_drift" >/dev/null || jobs="$jobs$kind "
  done
  {
    [ -z "$looked" ] || drift_made
    printf '%s' "$foreign"
    drift_rest "$jobs"
  } | drift_words
}

# Prints the functions' output as lines of JSON. One program, which also reads the output of others: each costs 25 ms under emulation.
drift_words() { LC_ALL=C awk -v about="$GONE" "$JSON_AWK $INSIDE_AWK $DIFFERS_AWK $JUDGE_AWK $COMPARE_AWK"; }

switch_drift() { [ -z "$silent" ] || echo "Open vSwitch does not answer: $silent"; }

# The answers of Open vSwitch, nft and ip, each asked once, and every desired state. Sets: numbers foreign looked silent
drift_look() {
  set -- "$STATE"/desired/*-*.json
  [ -e "$1" ] || return 0
  [ ! -e "$GUARD_RULES" ] || guard_recorded || :
  eval "$({
    ovs_all 2>&1 || echo "== silent"
    echo "== nft"
    nft -s list ruleset 2>/dev/null || :
    echo "== ip"
    ip -o address show || :
  } | LC_ALL=C awk -v protocol="$LEVEL" -v listings="$STATE/nft" "$JSON_AWK $FIELDS_AWK $HOPS_AWK $SEEN_AWK" - "$@")"
}

# Tunnels and patch ports, ports and bridges, by one program: 0.1 s under emulation, as each of ovs-vsctl's questions. ovsdb-client(1)
ovs_all() {
  ovsdb-client --timeout=10 transact unix:"${VXLAB_OVS:-/run/openvswitch/db.sock}" '["Open_vSwitch",
    {"op":"select","table":"Interface","where":[["type","!=",""],["type","!=","internal"]],"columns":["name","type","options","bfd","error"]},
    {"op":"select","table":"Port","where":[],"columns":["_uuid","name","tag","trunks","protected","external_ids"]},
    {"op":"select","table":"Bridge","where":[],"columns":["name","ports","fail_mode","external_ids"]}]'
}

# kept_each KIND COMMAND: runs it for each thing of this kind that the host keeps, with its state in local variables. `drift all` has
# read them.
kept_each() {
  local number line file
  if [ -z "${looked-}" ]; then
    kept "$1" v | while read -r file _; do with_kept "$file" "$2" </dev/null; done
    return 0
  fi
  seen_of kept "$1" || return 0
  for number in $line; do "kept_$number" "$2" </dev/null; done
}

# seen_of WORD NAME: sets line to what guest drift all has collected of it; false if nothing. seen.awk writes this function, which starts no
# program. Sets: line
seen_of() { return 1; }

# bridge_of PORT: the bridge that it is on; empty without one. Sets: on
bridge_of() {
  local line
  on=
  if [ "${looked-}" != all ]; then on=$(vsctl port-to-br "$1" 2>/dev/null) || on=; return 0; fi
  seen_of port "$1" || return 0
  on=${line% *}
}

# tag_of PORT: its VLAN as Open vSwitch has it, 0 or [] without one; empty without the port. Sets: have
tag_of() {
  local line
  have=
  if [ "${looked-}" != all ]; then have=$(vsctl get port "$1" tag 2>/dev/null) || have=; return 0; fi
  seen_of port "$1" || return 0
  have=${line##* }
}

# drift_rest "JOB JOB ": checks those things (numbers of seen.awk) and kinds, each word with a space after it. A thing that cannot be
# checked ends the subshell that this is called in, and the rest is checked in another one.
drift_rest() {
  local drift_left="$1" drift_job=''
  trap '[ -z "${drift_job-}" ] || { drift_failed "$drift_job" && (drift_rest "$drift_left"); }' EXIT
  while [ -n "$drift_left" ]; do
    drift_job=${drift_left%% *}
    drift_left=${drift_left#* }
    case $drift_job in
      [0-9]*) drift_thing "$drift_job" 2>/dev/null ;;
      *)
        echo "== $drift_job"
        "${drift_job}_drift" || drift_failed "$drift_job"
        ;;
    esac
  done
  drift_job=
}

drift_failed() {
  case $1 in
    [0-9]*) echo "fault - cannot be looked at" ;;
    *) echo "the host's $1 cannot be looked at" ;;
  esac
}

# drift_thing NUMBER: its lines of observe.
drift_thing() {
  local line kind
  seen_of thing "$1"
  kind=${line%% *}
  case $looked,$kind in none,port | none,service | none,chain) return 0 ;; esac
  echo "thing $line"
  if command -v "${kind}_found" >/dev/null; then
    "kept_$1" "${kind}_found" </dev/null
  elif command -v "${kind}_observe" >/dev/null; then
    "kept_$1" "${kind}_observe" </dev/null
  fi
}

# Files that steps made and that have changed: "/var/…/config: FAILED" (sha256sum(1)).
drift_made() {
  local file one sums
  set -- "$STATE"/made/*
  [ -e "$1" ] || return 0
  ! sums=$(sha256sum -c "$@" 2>/dev/null) || return 0
  printf '%s\n' "$sums" | while read -r one; do
    case $one in *": OK") continue ;; esac
    one=${one%: FAILED*}
    grep -lF "  $one" "$@" | while read -r file; do drift_made_by "$file" "$one"; done
  done
}

# drift_made_by FILE PATH: the thing that it belongs to.
drift_made_by() {
  local number line id="${1##*/}"
  for number in $numbers; do
    seen_of thing "$number"
    case $line in */"$id.json") printf 'thing %s\nfault - %s\n' "$line" "$(drift_path "$2")" ;; esac
  done
}

drift_path() {
  case $1 in
    "$SYSCTL"/*) printf '%s was changed' "$(printf %s "${1#"$SYSCTL"/}" | tr / .)" ;;
    *) printf 'the file %s was changed' "$1" ;;
  esac
}

nat_drift() { kept_each service nat_drift_of; }

# A gateway's table must be as it was loaded, the kernel must forward for its two interfaces, and no other program's chain may drop that.
nat_drift_of() {
  local table one inside='' chain have line
  [ "$nat${nat6-}" != false ] || return 0
  nat_table "$id"
  if ! nat_is; then
    service_says "the nft table inet $table is missing: nothing is translated"
  # Loaded by older tools, which stored no listing: the next run of the step stores one.
  elif [ -e "$STATE/nft/$table" ] && ! nft_same "$table"; then
    service_says "the nft table inet $table is not as it was loaded"
  fi
  setting_of net/ipv6/conf/all/forwarding
  [ "${nat6:-false}" = false ] || [ "$have" = 1 ] || service_says "net.ipv6.conf.all.forwarding is not 1"
  [ "$nat" = true ] || return 0
  # If the VTEP's address is on an interface by which packets can leave, that is the underlay's.
  if [ -z "${looked-}" ] || ! seen_of at "$local" || is_stub "$line"; then line=$(underlay_device "$local"); fi
  for one in "$device" "$line"; do
    setting_of "net/ipv4/conf/$one/forwarding"
    [ "$have" = 1 ] || service_says "net.ipv4.conf.$one.forwarding is not 1"
  done
  if [ -n "${looked-}" ] && ! seen_of forwards nft; then return 0; fi
  for one in $(unquoted "$addresses"); do
    case $one in *:*) ;; *) inside=$one ;; esac
  done
  nat_closed "$inside" | while read -r chain; do
    service_says "what it forwards is dropped by a chain of somebody else: nft list chain $chain"
  done
}

service_says() { printf '%s\t%s: %s\n' "$lab/$step" "$device" "$*"; }

# nat_closed ADDRESS: other programs' chains that drop what device forwards, FAMILY TABLE CHAIN, one a line.
nat_closed() { nft -s list ruleset 2>/dev/null | LC_ALL=C awk -v device="$device" -v address="$1" "$FORWARD_AWK"; }

dhcp_drift() { kept_each service dhcp_drift_of; }

dhcp_drift_of() {
  [ -n "${dhcp_first-}${nat6-}" ] || return 0
  dhcp_pid dnsmasq >/dev/null ||
    service_says "dnsmasq does not run: ${dhcp_first:+containers get no addresses}${nat6:+${dhcp_first:+, }nothing announces the IPv6 gateway}"
  dhcp_pid loop >/dev/null || service_says "the loop that restarts dnsmasq does not run"
}
