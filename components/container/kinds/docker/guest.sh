#!/bin/sh
# The life of a Docker container. image.sh loads its image; start.sh creates it and starts its first process.
# Desired state: components/container/thing.ts, with kind "docker"; its environment variables come as secrets, env.
# The guest tools make its network: Docker gives it none. The first process waits until eth0, eth1, … exist.
# These changes replace the container, and what was written in it is lost: image, archive, command, env, MAC, veth, number of
# interfaces, dhcp. Everything else changes while it runs, as with LXC.
# docker_list and docker_state are for verify alone (kinds/kind.ts).
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

# Seconds to wait for a command that is missing or ends at once.
SETTLE=${VXLAB_SETTLE:-1}

# Closes the lock, which the processes that Docker starts would otherwise keep.
engine() { timeout "${ENGINE_WAIT:-180}" docker "$@" 9>&-; }

docker_apply() {
  local box="$STATE/docker/$id" before shape image_id state pid used had box_name
  docker_ready
  mkdir -p "$box/in" "$IMAGES"
  docker_find
  before=$used
  docker_image
  nics_ports >"$box/ports.new"
  nics_flows "$box/flows.new"
  shape=$(docker_shape)
  # An interrupted step leaves no mark: the container that it started may lack interfaces.
  if [ "$state" = RUNNING ] && [ "$had" = "$shape" ] && [ -e "$box/in/ready" ] && nics_there; then
    nics_live
  else
    [ "$state" = ABSENT ] || [ "$had" = "$shape" ] || docker_drop_box
    [ "$state" != RUNNING ] || [ "$had" != "$shape" ] || engine stop -t 3 "$box_name" >/dev/null
    docker_start
  fi
  rm -rf "$box/flows"
  mv "$box/flows.new" "$box/flows"
  mv "$box/ports.new" "$box/ports"
  [ -n "${archive:-}" ] || rm -f "$IMAGES/$id.tar"
  [ "${before:-$image_id}" = "$image_id" ] || docker_forget "$before"
  made container "$box/ports" "$box/flows"/* "$box/in/start" "$box/in/first"
}

# Our own image starts Docker when the first container asks for it.
docker_ready() {
  local fifo tries=600
  command -v docker >/dev/null ||
    fail "no Docker on this host: for machines of a lab, write image.kind docker; on an existing host, apt-get install docker.io"
  # Somebody may have stopped it.
  if [ -n "${repair-}" ] && [ -d /run/systemd/system ]; then
    systemctl start docker || fail "Docker does not start on this host: see systemctl status docker"
  fi
  if [ -d /run/vxlab-docker ]; then
    : >/run/vxlab-docker/now
    for fifo in /run/vxlab-docker/*; do [ ! -p "$fifo" ] || echo now 1<>"$fifo"; done
  fi
  until [ -S "${VXLAB_DOCKER:-/run/docker.sock}" ]; do
    [ "$tries" -gt 0 ] || fail "Docker has not started within 120 s, start it on this host: $(tail -n 2 /var/log/dockerd.log 2>/dev/null | tr '\n' ' ')"
    tries=$((tries - 1))
    sleep 0.2
  done
}

# Sets: state pid
docker_look() {
  local used had box_name
  docker_find
}

# Looks for the container: had is its shape (docker_shape), used its image. Sets: state pid used had box_name
docker_find() {
  local found owner
  box_name=vxlab-$name
  found=$(engine container inspect -f '{{.State.Status}} {{.State.Pid}} {{.Image}} {{index .Config.Labels "vxlab-container"}} {{index .Config.Labels "vxlab-shape"}}' "$box_name" 2>&1) ||
    case $found in
      # Only this answer means that it does not exist: a container that cannot be inspected must not count as removed.
      *"No such container"*) found= ;;
      # For guest drift.
      *"Cannot connect to the Docker daemon"* | "") [ -n "${looked-}" ] || fail "docker inspect $box_name failed: ${found:-no answer}"
        found="SILENT 0" ;;
      *) fail "docker inspect $box_name failed: ${found:-no answer}" ;;
    esac
  read -r state pid used owner had <<FOUND
$found
FOUND
  case $state in
    "") state=ABSENT pid=0 ;;
    running) state=RUNNING ;;
    SILENT) return 0 ;;
    *) state=STOPPED pid=0 ;;
  esac
  # A container made by tools of level 1 has the step's name as its label, since labels cannot change. A removed container may be gone
  # already, and its name used by another one.
  case $state,$owner in
    ABSENT,* | *,"$id") ;;
    *,"$step") [ -z "${dropping:-}" ] || [ -e "$(desired container "$id")" ] || state=ABSENT ;;
    *)
      [ -n "${dropping:-}" ] || fail "there is a container $box_name on this host that is not this lab's"
      state=ABSENT
      ;;
  esac
}

# What cannot change while a container runs, as one word.
docker_shape() {
  eval "$NIC"
  {
    printf '%s\n' "$image_id" "$command" "$env"
    while next_nic; do printf '%s\n' "$nic $veth $mac $dhcp"; done
    [ -z "${capAdd-}" ] || printf 'cap %s\n' "$capAdd"
    docker_volumes
  } | sha256sum | cut -c1-16
}

# One line for each volume.
docker_volumes() {
  local i=0
  while [ "$i" -lt "${volumes_count:-0}" ]; do
    eval "printf 'volume %s %s\n' \"\$volumes_${i}_path\" \"\$volumes_${i}_name\""
    i=$((i + 1))
  done
}

# Sets: state pid
docker_start() {
  eval "$NIC"
  while next_nic; do
    [ -e "$NET/$bridge" ] || fail "bridge $bridge is not on this host: apply its OvsBridge first"
  done
  rm -f "$box/in/ready"
  # The previous interfaces were deleted with their network namespace.
  nics_drop
  [ "$had" = "$shape" ] || docker_create
  docker_inside
  engine start "$box_name" >/dev/null || fail "container $name does not start, see above"
  docker_look
  [ "$state" = RUNNING ] || docker_ended
  docker_plug
  nics_live
  docker_leases
  routing_begin "$box"
  routing_apply
  content_files
  : >"$box/in/ready"
  sleep "$SETTLE"
  docker_look
  [ "$state" = RUNNING ] || docker_ended
}

# Docker switches IPv6 off in a network of its kind "none".
docker_plug() {
  eval "$NIC"
  nsenter -t "$pid" -n sh -c 'cd /proc/sys/net/ipv6/conf && echo 0 >all/disable_ipv6 && echo 0 >default/disable_ipv6'
  while next_nic; do
    # Left over from a container that ended with its host, or from another kind of container.
    [ ! -e "$NET/$veth" ] || ip link del dev "$veth"
    iproute link add "$veth" mtu "$mtu" type veth peer name "$nic" address "$mac" mtu "$mtu" netns "$pid"
    ip link set dev "$veth" up
    nsenter -t "$pid" -n ip link set dev "$nic" up
  done
}

# As lxc_net's loop, among the container's own processes: they end with it.
docker_leases() {
  eval "$NIC"
  container_lease >"$box/lease"
  cat >"$box/leases" <<'LEASES'
while :; do busybox udhcpc -f -i "$1" -s "$2" -x "hostname:$3" -O mtu -t 5 -T 2 -A 5; sleep 1; done
LEASES
  chmod 755 "$box/lease"
  while next_nic; do
    [ "$dhcp" = true ] || continue
    setsid nsenter -t "$pid" -n -p sh "$box/leases" "$nic" "$box/lease" "$name" </dev/null >/dev/null 2>&1 9>&- &
  done
}

docker_tool() { echo /.vxlab/busybox; }

# The folder of the container on the host.
docker_box() { printf %s "$STATE/docker/$id"; }

# docker_within SECONDS WORDS...: a shell inside with these arguments, as root, with the variables of the container.
docker_within() {
  local wait="$1"
  shift
  timeout "$wait" docker exec -i -u 0 "vxlab-$name" /.vxlab/busybox sh "$@" 9>&-
}

# Sets: had state
docker_drop_box() {
  rm -f "$box/done" "$box/files"
  [ "$state" != RUNNING ] || engine stop -t 3 "$box_name" >/dev/null
  engine rm -f "$box_name" >/dev/null
  had='' state=ABSENT
}

# docker_drop NAME: removes the container, and its image if no other container has it.
docker_drop() {
  local name="$1" box="${STATE:?}/docker/$id" state pid used had box_name dropping volume
  if command -v docker >/dev/null; then
    docker_ready
    dropping=$name
    docker_find
    dropping=
    if [ "$state" != ABSENT ]; then
      docker_drop_box
      docker_forget "$used"
    fi
  fi
  # An image that any container still uses is kept.
  ! command -v docker >/dev/null || engine volume ls -q --filter "label=vxlab-container=$id" | while read -r volume; do
    engine volume rm "$volume" >/dev/null </dev/null || :
  done
  nics_drop
  [ ! -L "$STATE/docker/$step" ] || [ "$(readlink "$STATE/docker/$step")" != "$id" ] || rm -f "$STATE/docker/$step"
  rm -rf "$box"
}

# Asks Docker only if one of the given containers is a Docker container, or if Docker's socket exists.
docker_list() {
  local ids
  case " $*" in *" docker/"*) ;; *) [ -S /run/docker.sock ] || return 0 ;; esac
  ids=$(docker ps -aq 2>/dev/null)
  # Unquoted, to be split into words.
  # shellcheck disable=SC2086
  [ -z "$ids" ] || docker inspect -f 'docker {{.Name}} {{.State.Status}} {{.State.Pid}} {{index .Config.Labels "vxlab-container"}}' $ids 2>/dev/null |
    sed 's,^docker /,docker ,; s/ running / RUNNING /'
}

# Asking Docker again would cost half a second under emulation.
docker_state() {
  local kind name state pid
  while read -r kind name state pid _; do
    [ "$kind $name" != "docker vxlab-$1" ] || echo "$state $pid"
  done
}
