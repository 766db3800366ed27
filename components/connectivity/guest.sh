#!/bin/sh
# guest check: tries once, or again until it holds, whether a container reaches an address. Changes nothing, stores nothing, takes no lock.
# Its input: components/connectivity/state.ts. The host's programs run in the container's network namespace, since an image may have none. A
# function check_KIND sets seen, in words, and returns 0: reached, 1: not reached, 2: it cannot be tried.
# shellcheck disable=SC2154 # the variables come out of with_state, by eval

# Packets of a throughput check that are on the way at once.
CHECK_WINDOW=16

check_run() {
  local begun now code pid seen
  case $kind in ping | tcp | http | throughput) ;; *) fail "check $name: unknown kind $kind" ;; esac
  begun=$(date +%s)
  while :; do
    code=0
    if check_pid; then "check_$kind" || code=$?; else code=2; fi
    case $code,$reach in 0,true | 1,false) break ;; esac
    now=$(date +%s)
    [ $((now - begun)) -lt "$within" ] || check_fail "$code"
    sleep 1
  done
  printf '{"v":%s,"seen":"%s"}\n' "$LEVEL" "$(printf %s "$seen" | tr -cd ' !#-[]-~')"
}

# check_fail CODE: one sentence.
check_fail() {
  local asks="${from:-this host}" how='' whom="${target:+$target (}$to${target:+)}"
  case $kind in tcp) how=" by TCP, port $port," ;; http) how=" by HTTP, port $port, path $path," ;; esac
  case $1,$kind,$reach in
    2,*) fail "check $name: $seen" ;;
    1,throughput,*) fail "check $name: from $asks to $whom and back: $seen" ;;
    *,true) fail "check $name: $asks does not reach $whom$how within $within s: $seen" ;;
    *) fail "check $name: $asks reaches $whom$how and must not: $seen" ;;
  esac
}

# Without a container the host itself asks. Sets: pid seen
check_pid() {
  local file state
  [ -n "$from" ] || { pid=$$ && return; }
  file=$(kept container name | awk -v lab="$lab" -v name="$from" '$2 == lab && $4 == name { print $1; exit }')
  [ -n "$file" ] || { seen="container $from is not on this host" && return 1; }
  read -r state pid <<FOUND
$(with_kept "$file" check_look)
FOUND
  [ "$state" = RUNNING ] || { seen="container $from is ${state:-unknown}" && return 1; }
}

check_look() {
  local state pid
  "${kind}_look"
  echo "$state $pid"
}

check_inside() { nsenter -t "$pid" -n "$@"; }

# iputils' ping by its path: the shell of our image would run busybox's.
check_echo() {
  local program=/usr/bin/ping
  [ -x "$program" ] || program=/bin/ping
  check_inside "$program" -n "$@"
}

# One answer proves that the address is reached; three requests without an answer prove that it is not. Sets: seen
check_ping() {
  local said
  if "$reach"; then set -- -c 1 -w 3; else set -- -c 3 -i 0.5 -w 3; fi
  said=$(check_echo "$@" "$to" 2>&1) || :
  case $said in
    *" bytes from "*) seen="answered in $(printf '%s\n' "$said" | sed -n 's/.* time=\([0-9.]* ms\).*/\1/p' | head -n 1)" && return ;;
    *"etwork is unreachable"*) seen="no route" ;;
    *"ost Unreachable"* | *"ddress unreachable"*) seen="host unreachable" ;;
    *" packets transmitted"*) seen="no answer" ;;
    *) seen="ping says: $said" && return 2 ;;
  esac
  return 1
}

# busybox nc runs a program as soon as it is connected. Sets: seen
check_tcp() {
  local said
  if said=$(check_inside busybox nc -w 3 "$to" "$port" -e /bin/true 2>&1); then
    seen="accepted"
    return
  fi
  check_refused
}

# What nc said when it did not connect. Sets: seen
check_refused() {
  case $said in
    *"onnection refused"*) seen="connection refused" ;;
    *"timed out"*) seen="no answer" ;;
    *"etwork is unreachable"*) seen="no route" ;;
    *"nreachable"* | *"o route to host"*) seen="host unreachable" ;;
    *) seen="nc says: ${said:-nothing}" && return 2 ;;
  esac
  return 1
}

# The shell that check_http runs: its stdin and stdout are the connection.
check_request() {
  cat <<'REQUEST'
printf 'GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: vxlab\r\n\r\n' "$1" "$2"
IFS= read -r status || :
printf 'got %s\n' "$status" >&2
REQUEST
}

# busybox wget of Debian's static build crashes, so a shell writes the request. Sets: seen
check_http() {
  local said host="$to"
  case $to in *:*) host="[$to]" ;; esac
  said=$(check_inside timeout 10 busybox nc -w 3 "$to" "$port" -e /bin/sh -c "$(check_request)" sh "$path" "$host" 2>&1) || :
  case $said in
    "got HTTP/"*)
      seen=$(printf %s "${said#got }" | tr -d '\r')
      case $seen in "HTTP/"*" "[123][0-9][0-9]*) return 0 ;; *) return 1 ;; esac
      ;;
    got*) seen="an answer that is not HTTP" && return 1 ;;
    "") seen="connected, no answer within 10 s" && return 1 ;;
  esac
  check_refused
}

# check_full COUNT: echo requests as large as the MTU, as many on the way as the window holds, so that both directions carry them. For two
# seconds at the rate of so many packets, five seconds at the latest. False with seen in words. Sets: mtu count said came ms seen
check_full() {
  local header=28
  mtu=$(check_inside "$(iproute_path)" -o route get "$to" 2>/dev/null | route_device)
  [ -n "$mtu" ] || { seen="no route" && return 1; }
  mtu=$(check_inside "$(iproute_path)" -o link show dev "$mtu" | sed -n 's/.* mtu \([0-9]*\).*/\1/p')
  case $to in *:*) header=48 ;; esac
  count=$(awk -v rate="$1" -v mtu="$mtu" 'BEGIN { n = int(rate * 2 / 8 / mtu); if (n < 200) n = 200; if (n > 200000) n = 200000; print n }')
  said=$(check_echo -q -f -l "$CHECK_WINDOW" -c "$count" -w 5 -s $((mtu - header)) "$to" 2>&1) || :
  read -r came ms <<CAME
$(printf '%s\n' "$said" | sed -n 's/.* \([0-9]*\) received.* time \([0-9]*\)ms.*/\1 \2/p')
CAME
  [ -n "$ms" ] || { seen="ping says: $said" && return 2; }
  [ "$came" -gt 0 ] || { seen="no answer" && return 1; }
}

# The slower direction counts. Sets: seen
check_throughput() {
  local mtu count said came ms
  check_full "$atLeast" || return
  seen=$(awk -v n="$came" -v ms="$ms" -v mtu="$mtu" 'BEGIN { printf "%.2f", n * mtu * 8 / 1000 / (ms < 1 ? 1 : ms) }')
  if awk -v got="$seen" -v wanted="$atLeast" 'BEGIN { exit got * 1e6 >= wanted }'; then
    seen="$seen Mbit/s, and at least $(awk -v wanted="$atLeast" 'BEGIN { print wanted / 1e6 }') Mbit/s are wanted"
    return 1
  fi
  seen="$seen Mbit/s"
}
