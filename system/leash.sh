#!/usr/bin/env bash
# Ends a Pulumi whose vxlab was killed, and the plugins of a Pulumi that was killed. They would hold locks or keep working for
# minutes.
# usage: leash.sh RUN PID   PID is the engine; every process of the run has VXLAB_RUN=RUN in its environment
# stdin is a pipe from vxlab. A line means that the engine has ended by itself; the end of the input without a line means that
# vxlab or the engine was killed.
set -euo pipefail
# Ctrl-C is for vxlab; this script ends with the pipe.
trap '' INT TERM HUP

run=$1
engine=$2

# Only processes of the same user: other environments cannot be read.
members() {
  local file pid
  while read -r file; do
    pid=${file#/proc/}
    pid=${pid%/environ}
    ((pid == $$ || pid == BASHPID)) || echo "$pid"
  done < <(grep -lzx "VXLAB_RUN=$run" /proc/[0-9]*/environ 2>/dev/null)
}

lives() { grep -qzx "VXLAB_RUN=$run" "/proc/$1/environ" 2>/dev/null; }

# ends_within SECONDS COMMAND…: waits until the command fails, and is true if it does so in time.
ends_within() {
  local end=$((SECONDS + $1))
  while "${@:2}"; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

any() { [[ -n $(members) ]]; }

if read -r _; then exit 0; fi
# At the first SIGINT the engine finishes its current steps, so the state stays correct; at the second it stops at once.
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
