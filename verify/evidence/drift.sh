#!/bin/sh
# What the guest tools (guest/drift.sh) find changed. The other parts ask the switch and the kernel directly, since they must prove the work
# of the tools.
found=$(/usr/lib/vxlab/guest drift 2>&1)
echo "== drift $?"
printf '%s\n' "$found"
