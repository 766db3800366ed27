#!/bin/sh
# guest VERB [KIND]: the one program that steps, boot and LXC call. Desired state: JSON on stdin.
#   apply|remove|observe bridge|port|container     one line of JSON on stdout
#   boot                                           applies everything that is kept, in order
#   observe all                                    what is kept and what there is

boot() {
  failed=0
  for kind in bridge port container; do
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
    "plug "*) shift && plug "$@" && return ;;
    "unplug "*) shift && unplug "$@" && return ;;
  esac
  [ -n "${VXLAB_LOCKED:-}" ] || lock
  case "${1:-} ${2:-}" in
    "boot ") boot ;;
    "observe all") observe_all ;;
    "apply bridge" | "apply port" | "apply container" | "remove bridge" | "remove port" | "remove container" | \
      "observe bridge" | "observe port" | "observe container")
      json=$(cat)
      "${2}_${1}" "$json"
      ;;
    *) fail "usage: guest apply|remove|observe bridge|port|container, guest boot, guest observe all" ;;
  esac
}

main "$@"
exit
