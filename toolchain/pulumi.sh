#!/usr/bin/env bash
# The `pulumi` of this project (.vxlab/bin/pulumi is a link to it): the real CLI with the project's own home,
# state and passphrase, and with the embedded libvirt the engine runs inside the lab's network namespace,
# the only place from which the machines can be reached.
set -euo pipefail

here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd -P)
root=$(cd "$here/.." && pwd -P)
export VXLAB_ROOT=$root
dot=$root/.vxlab
real=$dot/toolchain/pulumi
[[ -x $real ]] || {
  echo "vxlab: $real is missing; run: $root/vxlab env" >&2
  exit 3
}

# Values printed by another clone's `vxlab env` must not lead this one to that one's state.
own() { [[ -z $1 || $1 == *"/.vxlab/$2" ]]; }

export PULUMI_HOME=$dot/pulumi-home
if own "${PULUMI_BACKEND_URL:-}" state; then
  mkdir -p "$dot/state"
  export PULUMI_BACKEND_URL=file://$dot/state
fi
if [[ -z ${PULUMI_CONFIG_PASSPHRASE+set} ]] && own "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" passphrase; then
  export PULUMI_CONFIG_PASSPHRASE_FILE=$dot/passphrase
fi
export PULUMI_SKIP_UPDATE_CHECK=true
# Whatever the lab needs is in place; looking for it elsewhere only makes a cut-off machine wait.
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=${PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:-true}
# A language host of an older Pulumi on PATH would be taken before the one that was set up.
compgen -G "$PULUMI_HOME/plugins/language-nodejs-v*" >/dev/null &&
  export PULUMI_IGNORE_AMBIENT_PLUGINS=${PULUMI_IGNORE_AMBIENT_PLUGINS:-true}

# An agent that has gone makes every SSH connection of the engine fail (exit code 2: cannot be reached).
if [[ -n ${SSH_AUTH_SOCK:-} ]]; then
  status=0
  timeout 2 ssh-add -l >/dev/null 2>&1 || status=$?
  ((status == 0 || status == 1)) || unset SSH_AUTH_SOCK
fi

needs_libvirt() {
  local word
  for word in "$@"; do
    case $word in
      up | update | preview | pre | destroy | down | dn | refresh | import | watch) return 0 ;;
    esac
  done
  return 1
}

# The stack decides on the libvirt (libvirt.sh), so its name must be known before the engine reads it.
stack_named() {
  while (($#)); do
    case $1 in
      -s | --stack) echo "${2:-}" && return ;;
      --stack=*) echo "${1#*=}" && return ;;
    esac
    shift
  done
}

needs_libvirt "$@" || exec "$real" "$@"
stack=$(stack_named "$@")
[[ -z $stack ]] || export VXLAB_STACK=${stack##*/}
# What `libvirt.sh up` says; `vxlab` has asked already. A libvirtd that it starts outlives the run (leash.sh).
libvirt=${VXLAB_LIBVIRT_UP:-}
[[ -n $libvirt ]] || libvirt=$(env -u VXLAB_RUN "$here/libvirt.sh" up)
unset VXLAB_LIBVIRT_UP
mode=${libvirt%% *}
export VXLAB_LIBVIRT_URI=${libvirt#* }
[[ $mode == embedded ]] || exec "$real" "$@"
[[ $PULUMI_BACKEND_URL == file:* ]] ||
  echo "vxlab: the embedded lab's engine reaches no network, so not $PULUMI_BACKEND_URL either: unset it, or use a libvirt service" >&2
exec "$here/embedded.sh" exec "$real" "$@"
