# shellcheck shell=dash
# docker_wanted NAME: waits for the first container that asks for Docker (guest/docker.sh). A host without one pays nothing.
docker_wanted() {
  wanted=/run/vxlab-docker
  mkdir -p "$wanted"
  [ -p "$wanted/$1" ] || mkfifo -m 600 "$wanted/$1"
  # Opened before the look: whoever asks in between writes into a pipe that somebody holds.
  exec 3<>"$wanted/$1"
  [ -e "$wanted/now" ] || read -r _ <&3
  exec 3>&-
}
