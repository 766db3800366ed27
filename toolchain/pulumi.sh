#!/usr/bin/env bash
# The project's `pulumi` (.vxlab/bin/pulumi is a link to it): the real CLI with the project's own home, state and passphrase.
# With the embedded libvirt it runs in the lab's network namespace: the machines can be reached from nowhere else.
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

# The cache that the set-up of this checkout used (system/paths.ts): the program looks for the guest image there.
if [[ -z ${VXLAB_CACHE:-} && -f $dot/cache ]] && read -r cache <"$dot/cache" && [[ -d $cache ]]; then
  export VXLAB_CACHE=$cache
fi

# Values from another clone's `vxlab env` must not select that clone's state.
own() { [[ -z $1 || $1 == *"/.vxlab/$2" ]]; }

export PULUMI_HOME=$dot/pulumi-home
ours=
if own "${PULUMI_BACKEND_URL:-}" state; then
  ours=yes
  mkdir -p "$dot/state"
  export PULUMI_BACKEND_URL=file://$dot/state
fi
if [[ -z ${PULUMI_CONFIG_PASSPHRASE+set} ]] && own "${PULUMI_CONFIG_PASSPHRASE_FILE:-}" passphrase; then
  export PULUMI_CONFIG_PASSPHRASE_FILE=$dot/passphrase
fi
export PULUMI_SKIP_UPDATE_CHECK=true
# The CLI logs each property of each resource, compressed, to $PULUMI_HOME/logs: a third of the time of an `up` without changes, and 12 MB
# for eight hosts. No setting disables that, but it works without logs where they cannot be written (automatic logging in pulumi/pulumi).
logs=$PULUMI_HOME/logs
if [[ ${VXLAB_PULUMI_LOGS:-} == 1 ]]; then
  [[ ! -f $logs ]] || rm -f "$logs"
elif [[ ! -f $logs && -d $PULUMI_HOME ]]; then
  rm -rf "$logs"
  echo "Pulumi's automatic logs are disabled: set VXLAB_PULUMI_LOGS=1 to have them." >"$logs"
fi
# All plugins are set up. To look for them elsewhere would only make a machine without a network wait.
export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=${PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION:-true}
# Otherwise an older Pulumi's language host on PATH would come first.
compgen -G "$PULUMI_HOME/plugins/language-nodejs-v*" >/dev/null &&
  export PULUMI_IGNORE_AMBIENT_PLUGINS=${PULUMI_IGNORE_AMBIENT_PLUGINS:-true}

# If the SSH agent is gone (ssh-add: exit code 2), every SSH connection of the engine would fail.
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

# libvirt.sh needs the stack's name before the engine has read it.
stack_named() {
  while (($#)); do
    case $1 in
      -s | --stack) echo "${2:-}" && return ;;
      --stack=*) echo "${1#*=}" && return ;;
    esac
    shift
  done
}

# Pulumi's file backend keeps the whole state after every update, twice, and never deletes it. The time is in the names.
readonly KEPT=10
# shorten FILES-OF-AN-UPDATE FOLDER
shorten() {
  local files=("$2"/*)
  local more=$((${#files[@]} - KEPT * $1))
  # By xargs: there may be more than fit into one command line.
  ((more <= 0)) || printf '%s\0' "${files[@]:0:more}" | xargs -0 rm -f
}

needs_libvirt "$@" || exec "$real" "$@"
if [[ -n $ours ]]; then
  for folder in "$dot"/state/.pulumi/history/*/*; do shorten 4 "$folder"; done
  for folder in "$dot"/state/.pulumi/backups/*/*; do shorten 2 "$folder"; done
fi
stack=$(stack_named "$@")
[[ -z $stack ]] || export VXLAB_STACK=${stack##*/}
# The answer of `libvirt.sh up`, which `vxlab` may have asked already. Without VXLAB_RUN, so that leash.sh spares the libvirtd.
libvirt=${VXLAB_LIBVIRT_UP:-}
[[ -n $libvirt ]] || libvirt=$(env -u VXLAB_RUN "$here/libvirt.sh" up)
unset VXLAB_LIBVIRT_UP
mode=${libvirt%% *}
export VXLAB_LIBVIRT_URI=${libvirt#* }
[[ $mode == embedded ]] || exec "$real" "$@"
[[ $PULUMI_BACKEND_URL == file:* ]] ||
  echo "vxlab: $PULUMI_BACKEND_URL cannot be reached: with the embedded libvirt the engine has no network. Unset PULUMI_BACKEND_URL, or use a libvirt service" >&2
exec "$here/embedded.sh" exec "$real" "$@"
