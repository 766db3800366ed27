#!/usr/bin/env bash
# Decides which libvirt a lab uses, for vxlab and for the plain `pulumi`:
#   given      VXLAB_LIBVIRT_URI, or the stack's setting vxlab:libvirtUri
#   elsewhere  the stack's vxlab:underlays name hypervisors of their own: none is started here
#   system     a libvirt service answers on this machine
#   embedded   none of these: the lab's own libvirtd (embedded.sh)
# The choice holds until `vxlab down`: a lab must not lose its machines because a service starts or stops.
#
#   libvirt.sh mode     print the mode
#   libvirt.sh up       start the embedded libvirt if that is the mode, record the choice, print the mode and the provider's URI
#   libvirt.sh virsh    print the URI for virsh, which spells a socket differently
#   libvirt.sh forget   the lab is gone: decide again next time
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd -P)
root=$(cd "${VXLAB_ROOT:-$here/..}" && pwd -P)
export VXLAB_ROOT=$root
chosen=$root/.vxlab/libvirt-mode
system_socket=${VXLAB_SYSTEM_SOCKET:-/run/libvirt/libvirt-sock} # the variable is for tests

die() {
  printf 'vxlab: %s\n' "$1" >&2
  exit 3
}

system_answers() { [[ -S $system_socket ]] && timeout 3 virsh -q -c qemu:///system uri </dev/null >/dev/null 2>&1; }

# Sets `setting` and `elsewhere` with the CLI's reader of settings (cli/settings/main.ts). Its answer is cached until one of the
# files that it names changes. VXLAB_STACK is the stack; empty: the selected one.
read_settings() {
  local program=$here/../.vxlab/cli/settings.cjs kept=$root/.vxlab/settings/${VXLAB_STACK:-selected@} lines hints
  if ! holds; then
    [[ -f $program && -z $(find "$here/../cli/settings" -newer "$program" -print -quit) ]] ||
      node "$here/../node_modules/tsx/dist/cli.mjs" "$here/bundle.ts" "${program%/*}/main.cjs"
    node "$program" "$root" "${VXLAB_STACK:-}" "$kept" || exit
    mapfile -t lines <"$kept"
  fi
  setting=${lines[1]}
  elsewhere=${lines[2]}
  hints=("${lines[@]:4+${lines[3]}}")
  # `vxlab` prints them itself.
  [[ -n ${VXLAB_QUIET:-} || ${#hints[@]} == 0 ]] || printf 'warning: %s\n' "${hints[@]}" >&2
}

holds() {
  local now
  mapfile -t lines 2>/dev/null <"$kept" && ((${#lines[@]} > 3)) || return 1
  mapfile -t now < <(stat -L -c '%i %s %.Y %.Z %n' -- "${lines[@]:4:${lines[3]}}" 2>/dev/null)
  [[ ${now[*]} == "${lines[0]}" ]]
}

given() {
  # pulumi.sh passes the embedded libvirt's URI to its children: that is not the user's choice.
  if [[ -n ${VXLAB_LIBVIRT_URI:-} && $VXLAB_LIBVIRT_URI != *socket=/run/vxlab/* ]]; then
    echo "$VXLAB_LIBVIRT_URI"
  else
    echo "$setting"
  fi
}

# The choice holds once the lab has machines. A preview records it too, perhaps before the underlays were configured.
stands() { [[ -s $chosen && -s $root/.vxlab/labs ]]; }

mode() {
  if [[ -n $(given) ]]; then
    echo given
  elif [[ -n $elsewhere ]] && ! stands; then
    echo elsewhere
  elif [[ -s $chosen ]]; then
    cat "$chosen"
  elif system_answers; then
    echo system
  else
    echo embedded
  fi
}

up() {
  local mode uri
  mode=$(mode)
  case $mode in
    given) uri=$(given) ;;
    elsewhere) uri=qemu:///system ;; # for underlays without a URI
    system)
      system_answers || die "this lab runs on qemu:///system, which does not answer: start the libvirt service, and join the group libvirt"
      uri=qemu:///system
      ;;
    embedded) uri="qemu:///system?socket=$("$here/embedded.sh" start)" ;;
  esac
  if [[ $mode == system || $mode == embedded ]]; then
    mkdir -p "$root/.vxlab"
    echo "$mode" >"$chosen"
  fi
  echo "$mode $uri"
}

case ${1:-} in mode | up | virsh) read_settings ;; esac
case ${1:-} in
  mode) mode ;;
  up) up ;;
  virsh)
    case $(mode) in
      given) given ;;
      system | elsewhere) echo qemu:///system ;;
      embedded) echo "qemu+unix:///system?socket=$("$here/embedded.sh" socket)" ;;
    esac
    ;;
  forget) rm -f "$chosen" ;;
  *)
    sed -n '2,/^set/p' "${BASH_SOURCE[0]}" | sed '$d; s/^# \{0,1\}//' >&2
    exit 2
    ;;
esac
