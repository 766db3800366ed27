#!/bin/sh
# guest VERB [KIND]: the one program that steps, boot and LXC call. Desired state: JSON on stdin.
#   apply|remove|observe KIND      one line of JSON on stdout
#   observe all                    what is kept and what there is
#   boot                           applies everything that is kept, in order
#   drift                          what is not as is kept, one line of JSON each; takes no lock (drift.sh)
#   flows                          all flows once more, after ovs-vswitchd was started anew
KINDS="bridge port service container"

# What fails at boot is tried again after these pauses, in seconds, two minutes together: an address may come late, by DHCP.
BOOT_PAUSES=${VXLAB_BOOT_PAUSES-5 10 15 30 60}

boot() {
  left=
  for kind in $KINDS; do
    for file in "$STATE/desired/$kind"-*.json; do
      [ ! -e "$file" ] || left="$left $kind:$file"
    done
  done
  boot_round
  for pause in $BOOT_PAUSES; do
    [ -n "$left" ] || break
    printf 'vxlab: tried again in %s s\n' "$pause" >&2
    # Meanwhile a step may do its work.
    exec 9>&-
    sleep "$pause"
    lock
    boot_round
  done
  [ -z "$left" ]
}

# Applies what is left; left is what failed.
boot_round() {
  failed=
  for one in $left; do
    file=${one#*:}
    [ -e "$file" ] || continue
    # Each in a program of its own: one broken container must not keep the others down.
    if ! VXLAB_LOCKED=1 "$TOOLS/guest" apply "${one%%:*}" <"$file" >/dev/null; then
      failed="$failed $one"
      printf 'vxlab: %s failed\n' "$file" >&2
    fi
  done
  for one in $(guard_late); do
    case "$failed " in *" port:$STATE/desired/$one.json "*) ;; *) failed="$failed port:$STATE/desired/$one.json" ;; esac
  done
  left=$failed
}

observe_all() {
  for file in "$STATE"/desired/*-*.json; do
    [ -e "$file" ] || continue
    kind=${file##*/}
    kind=${kind%%-*}
    json=$(cat "$file")
    id_of "$json"
    # Without environment variables, which can be secrets: no text of JSON has these marks in it but as a key.
    public=$(printf '%s\n' "$json" | LC_ALL=C sed -E 's/,"env":\[("([^"\\]|\\.)*",?)*\]//')
    printf '{"kind":"%s","desired":%s,"found":%s}\n' "$kind" "$public" "$("${kind}_observe" "$json")"
  done
}

main() {
  case "${1:-} ${2:-}" in
    "serve "*) shift && serve "$@" && return ;;
    "drift ") drift && return ;;
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
      json=$(cat)
      id_of "$json"
      "${2}_${1}" "$json"
      ;;
    *) usage ;;
  esac
}

usage() {
  fail "usage: guest apply|remove|observe $(echo "$KINDS" | tr ' ' '|'), guest observe all, guest boot, guest drift, guest flows"
}

main "$@"
exit
