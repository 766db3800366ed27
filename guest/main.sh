#!/bin/sh
# guest VERB [KIND]: the one program that steps, boot and LXC call. Desired state: JSON on stdin.
#   apply|remove|observe KIND      one line of JSON on stdout
#   observe all                    what is kept and what there is
#   boot                           applies everything that is kept, in order
#   drift                          what is not as is kept, one line of JSON each; takes no lock (drift.sh)
#   flows                          flows once more, after ovs-vswitchd was started anew
KINDS="bridge port service container"

boot() {
  failed=0
  for kind in $KINDS; do
    for file in "$STATE/desired/$kind"-*.json; do
      [ -e "$file" ] || continue
      # Each in a program of its own: one broken container must not keep the others down.
      if ! VXLAB_LOCKED=1 "$TOOLS/guest" apply "$kind" <"$file" >/dev/null; then
        failed=1
        printf 'vxlab: %s failed\n' "$file" >&2
      fi
    done
  done
  return "$failed"
}

observe_all() {
  for file in "$STATE"/desired/*-*.json; do
    [ -e "$file" ] || continue
    kind=${file##*/}
    kind=${kind%%-*}
    json=$(cat "$file")
    printf '{"kind":"%s","desired":%s,"found":%s}\n' "$kind" "$json" "$("${kind}_observe" "$json")"
  done
}

main() {
  case "${1:-} ${2:-}" in
    "serve "*) shift && serve "$@" && return ;;
    "drift ") drift && return ;;
  esac
  [ -n "${VXLAB_LOCKED:-}" ] || lock
  case "${1:-} ${2:-}" in
    "boot ") boot ;;
    "flows ") flows_again ;;
    "observe all") observe_all ;;
    "apply "* | "remove "* | "observe "*)
      case " $KINDS " in *" ${2:-none} "*) ;; *) usage ;; esac
      json=$(cat)
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
