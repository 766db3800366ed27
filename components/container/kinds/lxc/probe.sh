#!/bin/sh
# What LXC says of its containers, as functions for verify/evidence/containers.sh.

lxc_list() {
  local name
  for name in /sys/fs/cgroup/lxc.payload.*; do
    [ ! -d "$name" ] || echo "lxc ${name#*lxc.payload.} RUNNING -"
  done
}

# lxc-info prints two lines, "State: RUNNING" and, when it runs, "PID: 123".
lxc_state() {
  # shellcheck disable=SC2046 # to be split into words
  set -- $(lxc-info -P /var/lib/vxlab/containers -n "$1" -s -p -H 2>/dev/null)
  echo "$2 $4"
}
