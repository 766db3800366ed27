#!/bin/sh
# tries.sh (NAME together|alone ENVELOPE)…: the checks of the settings, by the guest tools as `up` tries them; checks that measure a rate
# run alone. Each answers in a section of its own, with its exit code, which verify/evidence/tries.ts reads.
PATH=/usr/sbin:/usr/bin:/sbin:/bin # as in begin.sh
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT

try() {
  local said
  said=$(printf '%s\n' "$2" | /usr/lib/vxlab/guest check 2>&1)
  echo "== tried $1 $?"
  printf '%s\n' "$said"
}

number=0
while [ $# -ge 3 ]; do
  number=$((number + 1))
  # Four at once: more would wait for the processor longer than for answers.
  if [ "$2" = alone ] || [ $((number % 4)) = 0 ]; then wait; fi
  try "$1" "$3" >"$out/$number" &
  [ "$2" = together ] || wait
  shift 3
done
wait
cat "$out"/*
