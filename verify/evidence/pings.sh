#!/bin/sh
# pings.sh LANES (ID PID MODE ADDRESS SIZE DEVICE PATIENCE)…: pings from containers' network namespaces, LANES at once, in
# sections that verify/evidence/sent.ts reads. It is the host's ping: busybox has no DF option, and a container may have no ping at all.
# An answer is waited for PATIENCE seconds.
#   timed     the address answers, five times
#   reach     the address answers          too-big   SIZE bytes (the whole IP packet) with DF
#   fits      SIZE bytes with DF answer    isolated  the address is asked for on the wire, routes or not
#   count     SIZE requests are sent       many      60 requests of 528 bytes are sent, 30 of them at once
PATH=/usr/sbin:/usr/bin:/sbin:/bin # as in begin.sh
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
lanes=$1
shift

# ping's -c counts errors for an unreachable address like answers, so ping ends once ARP or neighbour discovery has failed, after three
# seconds. If time is left, it is started again.
patient() {
  local left="$patience" said
  while :; do
    said=$($in_box ping "$@" 2>&1)
    left=$((left - 3))
    case $said in *nreachable*" 0 received"*) [ "$left" -le 0 ] || continue ;; esac
    break
  done
  printf '%s\n' "$said"
}

one() {
  local in_box="nsenter -t $2 -n" patience="$7" data
  echo "== ping $1"
  # ping -s counts neither IP nor ICMP header.
  case $4 in *:*) data=$(($5 - 48)) ;; *) data=$(($5 - 28)) ;; esac
  case $3 in
    # Requests until the second answer, until patience ends: with -c 1 ping leaves before an answer could come twice.
    reach) patient -n -c 2 -i 0.2 -w "$patience" "$4" ;;
    timed) patient -n -c 5 -i 0.3 -w "$patience" "$4" ;;
    # -c 1 -w: one request a second until the first answer.
    fits) patient -n -c 1 -w "$patience" -M "do" -s "$data" "$4" ;;
    count) $in_box ping -n -c "$5" -i 0.2 -W "$patience" "$4" ;;
    many) $in_box ping -n -c 60 -l 30 -i 0.02 -s 500 -W "$patience" "$4" ;;
    too-big) $in_box ping -n -c 1 -W 2 -M "do" -s "$data" "$4" ;;
    isolated)
      # Deletes the neighbour entry, which may be older than the separation of the segments.
      $in_box ip neigh flush to "$4" dev "$6" 2>/dev/null
      # -I: on link, whatever the routes say. An answer to ARP is a leak even where no echo reply finds its way back.
      $in_box ping -n -c 1 -w 2 -I "$6" "$4"
      $in_box ip neigh show to "$4" dev "$6"
      ;;
  esac
  echo
}

number=0
running=0
while [ $# -ge 7 ]; do
  # Pings that only wait use no processor time: a dozen at once.
  width=$lanes
  [ "$3" != isolated ] || width=12
  if [ "$running" -ge "$width" ]; then
    wait
    running=0
  fi
  number=$((number + 1))
  running=$((running + 1))
  one "$1" "$2" "$3" "$4" "$5" "$6" "$7" >"$out/$number" 2>&1 &
  shift 7
done
wait
cat "$out"/*
