#!/usr/bin/env bash
# silent.sh SECONDS [NAME ADDRESS PORT]…: prints the names of the hosts whose SSH server has not sent its banner within SECONDS. All are
# asked at once, each again until then.
set -euo pipefail
limit=$1
shift

answers() {
  # shellcheck disable=SC2016 # its own arguments
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$0/$1" && read -r line <&3 && [[ $line == SSH-* ]]' "$1" "$2" 2>/dev/null
}

ask() {
  until answers "$2" "$3"; do
    ((SECONDS < limit)) || {
      echo "$1"
      return
    }
    sleep 0.5
  done
}

while (($#)); do
  ask "$1" "$2" "$3" &
  shift 3
done
wait
