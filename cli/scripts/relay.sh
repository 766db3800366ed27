#!/bin/sh
# relay.sh ADDRESS PORT [COMMAND…]: joins stdin and stdout to a TCP port, as seen by the process whose number COMMAND prints: in its
# network namespace, since a host need not have an address on a segment.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin # sshd's PATH may lack the sbin folders
address=$1 port=$2
shift 2
if [ $# -gt 0 ]; then
  pid=$("$@") || pid=
  case $pid in
    '' | 0 | *[!0-9]*)
      echo "the container is not running" >&2
      exit 1
      ;;
  esac
  set -- nsenter -t "$pid" -n
fi
if command -v busybox >/dev/null && busybox nc --help >/dev/null 2>&1; then
  exec "$@" busybox nc "$address" "$port"
elif command -v socat >/dev/null; then
  case $address in *:*) address="[$address]" ;; esac
  exec "$@" socat - "TCP:$address:$port"
elif command -v nc >/dev/null; then
  exec "$@" nc "$address" "$port"
fi
echo "this host has none of busybox, socat and nc: install one of them" >&2
exit 127
