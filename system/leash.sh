#!/usr/bin/env bash
# Ends a Pulumi whose vxlab is gone, and what a Pulumi that was killed has left: its plugins would hold locks, or go on working,
# for minutes. usage: leash.sh RUN PID, where every process of the run has VXLAB_RUN=RUN in its environment, and PID is the engine.
# stdin is a pipe from vxlab: a line says that the engine has ended in good order; its end without one that vxlab or the engine
# was killed.
set -euo pipefail
# vxlab's Ctrl-C is not for this: it ends with the pipe.
trap '' INT TERM HUP

run=$1
engine=$2

# Of the same user only: nobody else's environment can be read.
members() {
  local file pid
  while read -r file; do
    pid=${file#/proc/}
    pid=${pid%/environ}
    ((pid == $$ || pid == BASHPID)) || echo "$pid"
  done < <(grep -lzx "VXLAB_RUN=$run" /proc/[0-9]*/environ 2>/dev/null)
}

lives() { grep -qzx "VXLAB_RUN=$run" "/proc/$1/environ" 2>/dev/null; }

# ends_within SECONDS COMMAND…: true as soon as the command fails.
ends_within() {
  local end=$((SECONDS + $1))
  while "${@:2}"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

any() { [[ -n $(members) ]]; }

if read -r _; then exit 0; fi
# The first asks it to stop after the steps under way, which keeps the state right; the second to stop at once.
for signal in INT INT KILL; do
  lives "$engine" || break
  kill "-$signal" "$engine" 2>/dev/null || true
  if ends_within 5 lives "$engine"; then break; fi
done
for signal in TERM KILL; do
  mapfile -t left < <(members)
  ((${#left[@]} == 0)) || kill "-$signal" "${left[@]}" 2>/dev/null || true
  if ends_within 3 any; then exit 0; fi
done
