#!/bin/sh
# guest VERB [KIND]: the one program that steps, boot and LXC call. What a verb gets on stdin, and what it answers: guest/protocol.ts.
#   apply|remove|observe KIND      one line of JSON on stdout
#   observe all                    desired and actual states, a line of JSON each
#   boot                           applies everything that is kept, in order
#   drift [all]                    differences from the stored desired states, one line of JSON each; takes no lock (drift.sh)
#   check                          whether a container reaches an address, or fails in one sentence (connectivity/guest.sh); takes no lock
#   measure                        what an overlay costs (measurement/guest.sh); takes no lock
#   flows                          sets all flows again, after a restart of ovs-vswitchd
# Filled in by guest/render.ts, in the order of boot.
KINDS="@KINDS@"

# Things that fail at boot are tried again after these pauses, in seconds, two minutes in total: the host may get its address late, by DHCP.
BOOT_PAUSES=${VXLAB_BOOT_PAUSES-5 10 15 30 60}

boot() {
  local left kind file pause
  left=
  for kind in $KINDS; do
    for file in "$STATE/desired/$kind"-*.json; do
      [ ! -e "$file" ] || left="$left $file"
    done
  done
  boot_round
  for pause in $BOOT_PAUSES; do
    [ -n "$left" ] || break
    printf 'vxlab: tried again in %s s\n' "$pause" >&2
    # Releases the lock meanwhile, so that a step can run.
    exec 9>&-
    sleep "$pause"
    lock
    boot_round
  done
  [ -z "$left" ]
}

# Applies the things in left, and sets left to those that failed. Sets: left
boot_round() {
  local failed='' file late
  for file in $left; do
    [ -e "$file" ] || continue
    if ! again "$file"; then
      failed="$failed $file"
      printf 'vxlab: %s failed\n' "$file" >&2
    fi
  done
  for late in $(guard_late); do
    file=$STATE/desired/$late.json
    case "$failed " in *" $file "*) ;; *) failed="$failed $file" ;; esac
  done
  left=$failed
}

# again FILE: applies a kept state again, in a process of its own, so that one broken container does not stop the others.
again() {
  local kind="${1##*/}" secret="$STATE/secrets/${1##*/}"
  kind=${kind%%-*}
  if [ -e "$secret" ]; then
    cat "$1" "$secret" | VXLAB_LOCKED=1 "$TOOLS/guest" apply "$kind" >/dev/null
  else
    VXLAB_LOCKED=1 "$TOOLS/guest" apply "$kind" <"$1" >/dev/null
  fi
}

observe_all() {
  local file kind
  for file in "$STATE"/desired/*-*.json; do
    [ -e "$file" ] || continue
    kind=${file##*/}
    kind=${kind%%-*}
    printf '{"kind":"%s","desired":%s,"found":%s}\n' "$kind" "$(cat "$file")" "$(with_kept "$file" "${kind}_observe")"
  done
}

main() {
  local was
  case "${1:-} ${2:-}" in
    "serve "*) shift && serve "$@" && return ;;
    "wire "*) routing_wire "$2" && return ;;
    "route "*) shift && router_loop "$@" && return ;;
    "drift " | "drift all") shift && drift "$@" && return ;;
    "check ")
      with_state check "" check_run
      return
      ;;
    "measure ")
      with_state measure "" measure_run
      return
      ;;
  esac
  if [ -z "${VXLAB_LOCKED:-}" ]; then
    lock
    take_over
  fi
  case "${1:-} ${2:-}" in
    "boot ") boot ;;
    "flows ") flows_again ;;
    "observe all") observe_all ;;
    "apply "* | "remove "* | "observe "*)
      case " $KINDS " in *" ${2:-none} "*) ;; *) usage ;; esac
      was=was
      [ "$1" != observe ] || was=
      with_state "$2" "$was" "${2}_${1}"
      ;;
    *) usage ;;
  esac
}

usage() {
  fail "usage: guest apply|remove|observe $(echo "$KINDS" | tr ' ' '|'), guest observe all, guest boot, guest drift, guest check, guest measure, guest flows"
}

main "$@"
exit
