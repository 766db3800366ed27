#!/bin/sh
# guest drift: what on this host is not as its desired state says. Changes nothing and takes no lock, so that nobody waits for it;
# while a step runs, what the step is about may be listed. Files that are missing it cannot know: `vxlab verify` compares those.
#
# One line of JSON for each fault: {"of": "flows", "lab": "1f0c…", "step": "lab-kvm1-red", "found": "…"}; lab and step where they
# are known, since a host may hold several labs.
# A function KIND_drift prints one line of text for each fault, or LAB/STEP, a tab and the text; nothing when all is well.
# shellcheck disable=SC2034,SC2154 # found, device and local are used by what is called; json is with_kept's

DRIFTS="flows nat dhcp guard security chain"
FORWARD_AWK='@forward.awk@'

drift() {
  local kind found
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

nat_drift() {
  local file nat
  kept service nat | while read -r file _ _ nat; do
    [ "$nat" != true ] || with_kept "$file" nat_drift_of
  done
}

# A gateway's table is as it was loaded, the kernel forwards for its two interfaces, and nobody else's chain drops that.
nat_drift_of() {
  local table one inside='' chain
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

dhcp_drift() {
  local file first
  kept service dhcp.first | while read -r file _ _ first; do
    [ "$first" = - ] || with_kept "$file" dhcp_drift_of
  done
}

dhcp_drift_of() {
  dhcp_pid dnsmasq >/dev/null || service_says "dnsmasq does not run: containers get no addresses"
  dhcp_pid loop >/dev/null || service_says "the loop that restarts dnsmasq does not run"
}
