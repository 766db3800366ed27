#!/bin/sh
# What Docker says of its containers, as functions for verify/evidence/containers.sh. `docker_state` reads what `docker_list`
# has found: a second process costs half a second under emulation.

docker_found=

# docker_list KIND/NAME…: Docker is asked where one of these is its own, or where it has a socket. Sets: docker_found
docker_list() {
  case " $*" in *" docker/"*) ;; *) [ -S /run/docker.sock ] || return 0 ;; esac
  docker_found=$(docker ps -aq 2>/dev/null)
  # Unquoted, to be split into words.
  # shellcheck disable=SC2086
  [ -z "$docker_found" ] || docker_found=$(docker inspect -f 'docker {{.Name}} {{.State.Status}} {{.State.Pid}} {{index .Config.Labels "vxlab-container"}}' $docker_found 2>/dev/null |
    sed 's,^docker /,docker ,; s/ running / RUNNING /')
  printf '%s\n' "$docker_found"
}

docker_state() {
  local name state pid
  while read -r _ name state pid _; do
    [ "$name" != "vxlab-$1" ] || echo "$state $pid"
  done <<FOUND
$docker_found
FOUND
}
