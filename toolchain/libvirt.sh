#!/usr/bin/env bash
# Which libvirt a lab uses, decided in one place for vxlab and for the plain `pulumi`:
#   given      VXLAB_LIBVIRT_URI is set, or the stack's setting vxlab:libvirtUri
#   elsewhere  the stack's vxlab:underlays name hypervisors of their own: none is started here
#   system     a libvirt service answers on this machine
#   embedded   none of these: one of the lab's own (embedded.sh)
# The choice holds until `vxlab down`: a lab must not lose its machines because a service came or went.
#
#   libvirt.sh mode     print the mode
#   libvirt.sh up       start the embedded one if it is the mode, note the choice, print the mode and the provider's URI
#   libvirt.sh virsh    print the URI for virsh, which spells a socket in another way
#   libvirt.sh forget   the lab is gone: decide anew next time
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

# The files that hold the stack's settings, one a line; a key of the first takes the place of the second's.
files() {
  local stack=${VXLAB_STACK:-} selected project
  if [[ -z $stack ]]; then
    # Others of the same home have selected stacks of their own.
    project=$(sed -n 's/^name: *\([A-Za-z0-9_.-]*\).*/\1/p' "$root/Pulumi.yaml" 2>/dev/null || true)
    selected=$(sed -n 's#.*"stack": *"\(.*/\)\{0,1\}\([^"/]*\)".*#\2#p' \
      "$root/.vxlab/pulumi-home/workspaces/${project:-vxlab}"-*.json 2>/dev/null | head -n 1)
    stack=${selected:-lab}
  fi
  printf '%s\n' "$root/Pulumi.$stack.yaml" "$root/Pulumi.yaml"
}

# The stack's own setting, on one line: `vxlab:libvirtUri: qemu+ssh://…`, quoted or not.
setting() {
  files | xargs -d '\n' sed -n "s/^ *[\"']\{0,1\}vxlab:libvirtUri[\"']\{0,1\}: *[\"']\{0,1\}\([^\"' #]*\).*/\1/p" 2>/dev/null | head -n 1
}

# In vxlab:underlays, the one other place where the word is a key.
elsewhere() { files | xargs -d '\n' grep -qsE "^[^#]*\blibvirtUri[\"']?: *[\"']?[a-z]"; }

given() {
  # The wrapper hands the embedded one's URI down to its children; that is no choice of the user's.
  if [[ -n ${VXLAB_LIBVIRT_URI:-} && $VXLAB_LIBVIRT_URI != *socket=/run/vxlab/* ]]; then
    echo "$VXLAB_LIBVIRT_URI"
  else
    setting || true
  fi
}

# A choice holds for machines. A mere preview has made it too, perhaps before the underlays were written.
stands() { [[ -s $chosen && -s $root/.vxlab/labs ]]; }

mode() {
  if [[ -n $(given) ]]; then
    echo given
  elif ! stands && elsewhere; then
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
    elsewhere) uri=qemu:///system ;; # for an underlay without a URI
    system)
      system_answers || die "this lab stands on qemu:///system, which does not answer: start the libvirt service (and join the group libvirt)"
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
