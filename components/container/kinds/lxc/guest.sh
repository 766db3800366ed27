#!/bin/sh
# The life of an LXC container. root.sh makes its root and its configuration.
# Desired state: components/container/thing.ts, with kind "lxc".
# Starts the container anew: another command, MAC, veth, number of interfaces, the first trunk or dhcp and the last.
# Everything else changes while it runs: addresses, gateway, MTU, VLAN, a trunk's VLANs, bridge.
# lxc_list and lxc_state are for verify alone (kinds/kind.ts).
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

# How often it is looked whether a container's command runs: half a minute, under emulation more.
SETTLES=${VXLAB_SETTLES:-1000}

lxc_apply() {
  local box="$BOXES/$name" state pid runs file
  lxc_ours || fail "container $name: the folder $box is another lab's. Nothing was changed: rename the container (containers.$name)"
  [ -d "$box" ] || mkdir -p "$box"
  [ -e "$box/owner" ] || echo "$id" >"$box/owner"
  if ! lxc_root_fits; then
    lxc_stop
    lxc_root
  fi
  nics_ports >"$box/ports.new"
  nics_flows "$box/flows.new"
  lxc_init
  lxc_files
  routing_plain
  { routing_lines && published_lines; } >"$box/wire"
  lxc_config >"$box/config.new"
  if lxc_same; then
    lxc_look
    # What the step before gave up waiting for may go on.
    if lxc_begins; then lxc_settle; fi
    nics_live
    runs=true
  else
    lxc_stop
    runs=false
  fi
  [ ! -e "$box/flows" ] || rm -rf "$box/flows"
  for file in flows ports config; do mv "$box/$file.new" "$box/$file"; done
  # The container may have made anything of these names: a link must not lead out of its root.
  for file in .vxlab-init .vxlab-net .vxlab-lease; do
    [ ! -d "$box/rootfs/$file" ] || rm -rf "${box:?}/rootfs/$file"
    mv -T "$box/$file.new" "$box/rootfs/$file"
  done
  "$runs" || lxc_start
  lxc_look
  [ "$state" = RUNNING ] || fail "container $name exited at once; its command is $command"
  lxc_names
  made container "$box/config" "$box/ports" "$box/flows"/* "$box/rootfs/.vxlab-init" "$box/rootfs/.vxlab-net" "$box/rootfs/.vxlab-lease"
}

# With a gateway come the host's name servers, as Docker gives them to its containers. Written by a process of the container's:
# where the links in its root lead is for itself to say.
lxc_names() {
  local way='' names
  eval "$NIC"
  while next_nic; do way=$way$gateway; done
  [ -n "$way" ] || return 0
  names=$(nameservers | sed 's/^/nameserver /')
  [ -n "$names" ] || return 0
  printf '%s\n' "$names" | timeout 20 lxc-attach -P "$BOXES" -n "$name" -- /bin/sh -c 'cat >/etc/resolv.conf' ||
    fail "cannot write /etc/resolv.conf in container $name, see above"
}

# True when what runs can go on: everything but what changes live is as it was.
lxc_same() {
  [ -e "$box/config" ] || return 1
  lxc_runs || return 1
  nics_there || return 1
  # Without its desired state of before, the init file alone has the command.
  [ "${was_command-$command}" = "$command" ] || return 1
  [ "$(lxc_bare <"$box/.vxlab-init.new")" = "$(lxc_bare <"$box/rootfs/.vxlab-init" 2>/dev/null)" ] || return 1
  [ "$(lxc_fixed <"$box/config.new")" = "$(lxc_fixed <"$box/config")" ]
}

# Files come and go while it runs.
lxc_bare() { grep -v '^\[ ! -e /\.vxlab-files '; }

# Without the console's log, which a container of older tools gets with its next start.
lxc_fixed() { grep -v -e '^lxc\.console\.' -e '^lxc\.hook\.' -e '^lxc\.net\.[0-9]*\.\(mtu\|ipv[46]\.address\|ipv4\.gateway\) '; }

lxc_start() {
  eval "$NIC"
  while next_nic; do
    [ -e "$NET/$bridge" ] || fail "bridge $bridge is not on this host: apply its OvsBridge first"
    # A veth left by a container that died with its host would keep the name.
    [ ! -e "$NET/$veth" ] || ip link del dev "$veth"
  done
  routing_begin "$box"
  # 9>&-: the container's monitor lives on and would hold the lock.
  timeout 60 lxc-start -P "$BOXES" -n "$name" -d -o "$box/log" -l WARN 9>&- ||
    fail "container $name does not start: $(tail -n 5 "$box/log" | tr '\n' ' ')"
  lxc_settle
  # A moment more: a command that is not there, or ends at once, shows. The default one, the root's init, does neither.
  [ "$command" = "'/sbin/init'" ] || sleep 0.1
}

# LXC calls a container running as soon as our own /.vxlab-init is. Until the command has taken its place: what the init does
# before (a trunk's VLANs: some programs each) takes seconds under emulation. Asking LXC instead takes half a second there.
lxc_settle() {
  local tries="$SETTLES" pid
  while lxc_first && lxc_begins; do
    [ "$tries" -gt 0 ] ||
      fail "container $name: its command has not started: $command. To see what runs instead: lxc-attach -P $BOXES -n $name -- ps"
    tries=$((tries - 1))
    sleep 0.02
  done
}

# True while the first process is our own init. `read` leaves out what ends each word, NUL, and costs no program.
lxc_begins() {
  local words=
  { read -r words <"$PROC/$pid/cmdline" || :; } 2>/dev/null
  [ "$words" = /bin/sh/.vxlab-init ]
}

lxc_tool() { ! lxc_is_archive || echo /.vxlab/busybox; }

# The folder of the container on the host.
lxc_box() { printf %s "$BOXES/$name"; }

# lxc_within SECONDS WORDS...: a shell inside with these arguments.
lxc_within() {
  local wait="$1"
  shift
  timeout "$wait" lxc-attach -P "$BOXES" -n "$name" --clear-env \
    --set-var PATH=/usr/local/sbin:/usr/local/bin:/sbin:/bin:/usr/sbin:/usr/bin -- /bin/sh "$@" 9>&-
}

lxc_stop() {
  lxc_runs || return 0
  timeout 60 lxc-stop -P "$BOXES" -n "$name" -t 3
}

# True unless the folder of that name is another lab's.
lxc_ours() {
  local owner
  { read -r owner <"$BOXES/$name/owner"; } 2>/dev/null || return 0
  [ "$owner" = "$id" ]
}

lxc_drop() {
  local name="$1" box="${BOXES:?}/$1"
  lxc_ours || return 0
  lxc_stop
  nics_drop
  rm -rf "$box"
}

lxc_runs() {
  local pid
  [ -e "$BOXES/$name/config" ] || return 1
  lxc_first || [ "$(timeout 10 lxc-info -P "$BOXES" -n "$name" -sH 2>/dev/null)" = RUNNING ]
}

# True with the first process's number in pid. Its cgroup says both; lxc-info takes 0.14 s under emulation, and is asked
# where the cgroup does not tell: a container may move its processes to cgroups of its own. Sets: pid
lxc_first() {
  local word numbers
  { read -r pid <"$CGROUPS/lxc.payload.$name/cgroup.procs"; } 2>/dev/null || return 1
  [ -e "$PROC/$pid/status" ] || return 1
  # "NSpid:	275	1". Starts no program: the file is short.
  while read -r word numbers; do
    [ "$word" = NSpid: ] || continue
    [ "${numbers##*[!0-9]}" = 1 ]
    return
  done <"$PROC/$pid/status"
  return 1
}

# Sets: state pid
lxc_look() {
  if lxc_first; then state=RUNNING; else lxc_ask; fi
}

# Sets: state pid
lxc_ask() {
  # Two lines, "State: RUNNING" and, where there is one, "PID: 275".
  read -r state pid <<FOUND
$(timeout 10 lxc-info -P "$BOXES" -n "$name" -sp 2>/dev/null | awk '{print $2}' ORS=' ')
FOUND
  : "${state:=ABSENT}" "${pid:=0}"
}

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
