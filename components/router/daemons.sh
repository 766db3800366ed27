#!/bin/sh
# The programs of a host's BGP router: how zebra and bgpd are started, restarted and ended.
# shellcheck disable=SC2034,SC2154 # some are read by what is called; the variables come out of with_state, by eval

# 9>&-: the loops keep running and would hold the lock.
router_start() {
  local kind
  for kind in zebra bgpd; do
    ! router_pid "$kind.loop" >/dev/null || continue
    setsid "$TOOLS/guest" route "$kind" </dev/null >>"$FRR_RUN/$kind.log" 2>&1 9>&- &
    echo $! >"$ROUTER/$kind.loop.pid"
  done
}

# guest route zebra|bgpd: the loop. It waits until the host has its VTEP, the source address of sessions. Only a reflector listens, since an
# open port must be guarded. VTEP and role are read at each start: encryption changes the VTEP, evpn.reflectors the role.
router_loop() {
  local kind="$1" address listens
  while [ -e "$ROUTER/$kind.conf" ]; do
    read -r address listens <"$ROUTER/role"
    case $kind,$listens in
      bgpd,true) set -- -l "$address" ;;
      bgpd,*) set -- -p 0 ;;
      *) set -- ;;
    esac
    if router_pid "$kind" >/dev/null; then
      # A process that the previous loop has left.
      while router_pid "$kind" >/dev/null; do sleep 1; done
    elif [ -n "$(ip -o address show to "$address" 2>/dev/null)" ]; then
      "router_before_$kind"
      "$FRR/$kind" -N vxlab -u frr -g frr -A 127.0.0.1 -P 0 "$@" -f "$ROUTER/$kind.conf" -i "$FRR_RUN/$kind.pid" \
        --log stdout --log-level notifications >"$FRR_RUN/$kind.log" 2>&1 || echo "$kind ended with $?"
    fi
    # bgpd does not send its routes to a restarted zebra again (FRR 8.4), so it is restarted as well.
    [ "$kind" != zebra ] || router_end bgpd
    sleep 1
  done
}

# Removes what a killed zebra leaves in the kernel, which nothing else does: entries with its mark, and flood lists. bgpd checks for the
# socket.
router_before_zebra() {
  rm -f "$FRR_RUN/zserv.api"
  bridge fdb show | awk '
    $2 == "dev" && $3 ~ /^ve[0-9]/ && $4 == "dst" { print "fdb del", $1, "dev", $3, "dst", $5, "self" }
    $2 == "dev" && $3 ~ /^ve[0-9]/ && / extern_learn .*master / && !seen[$1, $3]++ { print "fdb del", $1, "dev", $3, "master" }
  ' | bridge -force -batch - 2>/dev/null || :
  iproute neigh show | awk '$2 == "dev" && $3 ~ /^be[0-9]/ && / extern_learn / { print "neigh del", $1, "dev", $3 }' |
    iproute -force -batch - 2>/dev/null || :
}

# If bgpd finds no zebra, it tries again only after 10 s.
router_before_bgpd() {
  local tries=60
  until [ -S "$FRR_RUN/zserv.api" ] || [ "$tries" = 0 ]; do
    tries=$((tries - 1))
    sleep 0.5
  done
}

# router_pid zebra|bgpd|zebra.loop|bgpd.loop: its process id. After a reboot another process may have the number, so the command line is
# checked.
router_pid() {
  local pid file sign
  case $1 in *.loop) file=$ROUTER/$1.pid sign=" route ${1%.loop} " ;; *) file=$FRR_RUN/$1.pid sign="/$1 -N vxlab " ;; esac
  read -r pid <"$file" || return 1
  case $(tr '\0' ' ' <"$PROC/$pid/cmdline") in *"$sign"*) echo "$pid" ;; *) return 1 ;; esac
} 2>/dev/null

router_end() {
  local pid
  pid=$(router_pid "$1") || return 0
  kill "$pid" 2>/dev/null || :
}
