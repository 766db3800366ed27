#!/bin/sh
# What the guest tools (guest/drift.sh) find changed. Everything else is asked of the switch and of the kernel, since the work of
# the tools is to be proven.
found=$(/usr/lib/vxlab/guest drift 2>&1)
echo "== drift $?"
printf '%s\n' "$found"
