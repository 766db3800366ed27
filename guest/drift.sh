#!/bin/sh
# guest drift: what on this host is not as its desired state says. Changes nothing and takes no lock, so that nobody waits for it;
# while a step runs, what the step is about may be listed. Files that are missing it cannot know: `vxlab verify` compares those.
#
# One line of JSON for each fault: {"of": "flows", "lab": "1f0c…", "step": "lab-kvm1-red", "found": "…"}; lab and step where they
# are known, since a host may hold several labs.
# A function KIND_drift prints one line of text for each fault, or LAB/STEP, a tab and the text; nothing when all is well.
# shellcheck disable=SC2034,SC2154 # id is id_of's; found, device and local are used by what is called

DRIFTS="flows nat dhcp guard security"
FORWARD_AWK='@forward.awk@'
# Flows of one bridge that are named one by one.
FLOWS_NAMED=3

drift() {
  for kind in $DRIFTS; do
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

# word_of KEY JSON: in word, the first value of that key, by the shell alone: to read JSON takes 50 ms under emulation.
word_of() {
  word=${2#*"\"$1\":"}
  word=${word#'"'}
  word=${word%%[\"\,\}]*}
}

# about_of JSON: id, and in about its lab and step.
about_of() {
  id_of "$1"
  about=$lab/$step
}

# The bridges of flow segments have exactly the computed flows. Those of the host's bridge are port security's to judge.
flows_drift() {
  for file in "$STATE"/desired/port-*.json; do
    [ -e "$file" ] || continue
    json=$(cat "$file")
    case $json in *'"flooding":"flow"'*) ;; *) continue ;; esac
    about_of "$json"
    word_of vni "$json"
    flows_of_segment "bf$word" "$json"
  done
}

# OpenFlow 1.4: older versions tell set_field as load, and each such flow would differ.
flows_of_segment() {
  wanted=$(printf '%s\n' "$2" | LC_ALL=C awk "$JSON_AWK $FLOWS_AWK") || {
    printf '%s\t%s: %s\n' "$about" "$1" "$wanted"
    return 0
  }
  code=0
  said=$(printf '%s\n' "$wanted" | ovs-ofctl --timeout=10 -O OpenFlow14 --no-names diff-flows "$1" /proc/self/fd/0 2>&1) || code=$?
  case $code in 0) return 0 ;; 2) ;; *) flows_unseen "$1" "$said" && return 0 ;; esac
  printf '%s\n' "$said" | awk -v about="$about" -v bridge="$1" -v most="$FLOWS_NAMED" '
    /^-/ { if (++n[1] <= most) print about "\t" bridge ": nobody planned the flow " substr($0, 2) }
    /^\+/ { if (++n[2] <= most) print about "\t" bridge ": missing is the flow " substr($0, 2) }
    END {
      if (n[1] > most) print about "\t" bridge ": nobody planned " n[1] - most " flows more"
      if (n[2] > most) print about "\t" bridge ": missing are " n[2] - most " flows more"
    }'
}

flows_unseen() { printf '%s\t%s: its flows cannot be looked at: %s\n' "$about" "$1" "$(printf %s "$2" | tail -n 1)"; }

# A gateway's table is as it was loaded, the kernel forwards for its two interfaces, and nobody else's chain drops that.
nat_drift() {
  for file in "$STATE"/desired/service-*.json; do
    [ -e "$file" ] || continue
    json=$(cat "$file")
    case $json in *'"nat":true'*) ;; *) continue ;; esac
    about_of "$json"
    word_of device "$json" && device=$word
    word_of local "$json" && local=$word
    table=$(nat_table "$id")
    if [ "$(nat_is)" = false ]; then
      service_says "the nft table inet $table is missing: nothing is translated"
    # Loaded by the tools of before, which kept no listing: the next run of the step does.
    elif [ -e "$STATE/nft/$table" ] && ! nft_same "$table"; then
      service_says "the nft table inet $table is not as it was loaded"
    fi
    for one in "$device" "$(underlay_device "$local")"; do
      [ "$(cat "$SYSCTL/net/ipv4/conf/$one/forwarding" 2>/dev/null)" = 1 ] || service_says "net.ipv4.conf.$one.forwarding is not 1"
    done
    nat_closed "$(nat_inside "$json")" | while read -r chain; do
      service_says "what it forwards is dropped by a chain of somebody else: nft list chain $chain"
    done
  done
}

service_says() { printf '%s\t%s: %s\n' "$about" "$device" "$*"; }

# nat_inside JSON: the gateway's IPv4 address with its prefix length.
nat_inside() { printf '%s\n' "$1" | sed 's/.*"addresses":\[\([^]]*\)\].*/\1/' | tr -d '"' | tr , '\n' | grep -v : | head -n 1; }

# nat_closed ADDRESS: somebody else's chains that drop what device forwards, FAMILY TABLE CHAIN, one a line.
nat_closed() { nft -s list ruleset 2>/dev/null | LC_ALL=C awk -v device="$device" -v address="$1" "$FORWARD_AWK"; }

dhcp_drift() {
  for file in "$STATE"/desired/service-*.json; do
    [ -e "$file" ] || continue
    json=$(cat "$file")
    case $json in *'"dhcp":{'*) ;; *) continue ;; esac
    about_of "$json"
    word_of device "$json" && device=$word
    dhcp_pid dnsmasq >/dev/null || service_says "dnsmasq does not run: nobody lends addresses"
    dhcp_pid loop >/dev/null || service_says "the loop that starts dnsmasq again does not run"
  done
}
