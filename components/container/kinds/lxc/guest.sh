#!/bin/sh
# The life of an LXC container. root.sh makes its root and its configuration.
# Desired state: components/container/thing.ts, with kind "lxc".
# These changes restart the container: command, MAC, veth, number of interfaces, and whether there is any trunk or dhcp.
# Everything else changes while it runs: addresses, gateway, MTU, VLAN, a trunk's VLANs, bridge.
# lxc_list and lxc_state are for verify alone (kinds/kind.ts).
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

# How often to check whether a container's command runs: for half a minute, longer under emulation.
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
    # A container that the previous step stopped waiting for may still be starting: keep it.
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

# A container with a gateway gets the host's name servers, as Docker's containers do. A process of the container writes them, so that
# symbolic links in its root cannot lead out of it.
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

# True if the running container can be kept: nothing differs that cannot change while it runs.
lxc_same() {
  [ -e "$box/config" ] || return 1
  lxc_runs || return 1
  nics_there || return 1
  # If its previous desired state is missing, only the init file has the command.
  [ "${was_command-$command}" = "$command" ] || return 1
  [ "$(lxc_bare <"$box/.vxlab-init.new")" = "$(lxc_bare <"$box/rootfs/.vxlab-init" 2>/dev/null)" ] || return 1
  [ "$(lxc_fixed <"$box/config.new")" = "$(lxc_fixed <"$box/config")" ]
}

# Files come and go while it runs.
lxc_bare() { grep -v '^\[ ! -e /\.vxlab-files '; }

# Without the log of the console: a container of older tools gets it at its next start.
lxc_fixed() { grep -v -e '^lxc\.console\.' -e '^lxc\.hook\.' -e '^lxc\.net\.[0-9]*\.\(mtu\|ipv[46]\.address\|ipv4\.gateway\) '; }

lxc_start() {
  eval "$NIC"
  while next_nic; do
    [ -e "$NET/$bridge" ] || fail "bridge $bridge is not on this host: apply its OvsBridge first"
    # A veth left by a container that died with its host would keep the name.
    [ ! -e "$NET/$veth" ] || ip link del dev "$veth"
  done
  routing_begin "$box"
  # 9>&-: the container's monitor process keeps running and would hold the lock.
  timeout 60 lxc-start -P "$BOXES" -n "$name" -d -o "$box/log" -l WARN 9>&- ||
    fail "container $name does not start: $(tail -n 5 "$box/log" | tr '\n' ' ')"
  lxc_settle
  # Waits a moment longer, to detect a command that is missing or ends at once. The default command, the root's init, needs no wait.
  [ "$command" = "'/sbin/init'" ] || sleep 0.1
}

# LXC calls a container running as soon as /.vxlab-init runs. This waits until the command has replaced it: what the init does first (some
# programs for each VLAN of a trunk) takes seconds under emulation. Asking LXC instead would take half a second.
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

# True unless the folder of that name belongs to another lab.
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

# True with the first process's number in pid. Its cgroup shows both. lxc-info takes 0.14 s under emulation, so it runs only if the cgroup
# has no processes: a container may move its processes to cgroups of its own. Sets: pid
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
