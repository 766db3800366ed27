#!/bin/sh
# containers.sh "KIND…" KIND/NAME…: every container on the host, and state and interfaces of the lab's own. A KIND's two functions
# (components/container/kinds/kind.ts) stand before it in the same script.
kinds=$1
shift

# Every container, even if vxlab did not start it: KIND NAME STATE PID, and for our Docker containers the step.
echo "== boxes"
boxes=$(for kind in $kinds; do "${kind}_list" "$@"; done)
printf '%s\n' "$boxes"

for box in "$@"; do
  read -r status pid <<FOUND
$(printf '%s\n' "$boxes" | "${box%%/*}_state" "${box#*/}")
FOUND
  : "${status:=ABSENT}" "${pid:=0}"
  echo "== container ${box#*/} $status $pid"
  [ "$pid" = 0 ] || nsenter -t "$pid" -n ip -j address show 2>&1
done
