#!/bin/sh
# The image of a Docker container: loaded from an archive, from our own machine image, or from a registry; and removed again.
# shellcheck disable=SC2034,SC2153,SC2154 # the variables come out of with_state, by eval

IMAGES=$STATE/images
# Images that our own machine image contains. Their names are never looked up in a registry.
BAKED=${VXLAB_BAKED:-/usr/share/vxlab/docker}
# Longest wait for a registry, seconds.
PULL_WAIT=300

# image_id: of the archive, or of the image by its name; loads or fetches what is not there.
# Sets: image_id
docker_image() {
  if [ -n "${archive:-}" ]; then
    plain "$archive"
    image_id=$(cat "$IMAGES/$archive" 2>/dev/null) && docker_has "$image_id" && return
    docker_load "$IMAGES/$id.tar" "$archive"
    printf '%s\n' "$image_id" >"$IMAGES/$archive"
    return
  fi
  # Brackets: a registry by its IPv6 address.
  case $image in "" | -* | *[!][A-Za-z0-9_.:/@-]*) fail "not the name of an image: $image" ;; esac
  if docker_has "$image"; then return; fi
  case $image in
    vxlab/*)
      [ -e "$BAKED/${image#vxlab/}.tar" ] || fail "no image $image on this host: only image.kind docker contains it"
      docker_load "$BAKED/${image#vxlab/}.tar" ""
      ;;
    *) docker_pull ;;
  esac
}

# Sets: image_id
docker_has() { image_id=$(engine image inspect -f '{{.Id}}' "$1" 2>/dev/null); }

# docker_load FILE SHA-256: the one image in it.
# Sets: image_id
docker_load() {
  local loaded known
  [ -z "$2" ] || echo "$2  $1" | sha256sum -c >/dev/null 2>&1 ||
    fail "the archive of container $name was not copied completely to $1: copy it again with: pulumi up --replace '**$step-archive'"
  known=$(engine image ls -aq --no-trunc)
  loaded=$(engine load -q -i "$1" 2>&1) || fail "the archive of container $name is not a docker save archive: $loaded"
  loaded=$(printf '%s\n' "$loaded" | sed -n 's/^Loaded image\( ID\)\{0,1\}: //p')
  case $loaded in
    "" | *"
"*) fail "the archive of container $name must hold exactly one image, and holds: $(printf '%s' "$loaded" | tr '\n' ' ')" ;;
  esac
  docker_has "$loaded"
  docker_brought
}

# Sets: image_id
docker_pull() {
  local known said
  known=$(engine image ls -aq --no-trunc)
  said=$(ENGINE_WAIT=$PULL_WAIT engine pull -q "$image" 2>&1) || {
    case $? in 124 | 143) said="no answer within $PULL_WAIT s" ;; esac
    fail "the image $image of container $name is not on this host and cannot be fetched: $said. $(docker_cure)"
  }
  docker_has "$image"
  docker_brought
}

# The cure for Docker's error message. Logins are in Docker's own files on the host, never in a lab's settings.
docker_cure() {
  case $said in
    *"manifest unknown"* | *"name unknown"*) echo "The registry has no such image: write a name and a tag that it has" ;;
    *"no basic auth credentials"* | *unauthorized* | *denied*) echo "The registry needs a login: run docker login on this host" ;;
    *"invalid reference format"*) echo "This host's Docker does not accept such a name: older versions, such as Debian 12's, do not support a registry with an IPv6 address" ;;
    *x509*) echo "Copy the registry's CA certificate to /etc/docker/certs.d/REGISTRY/ca.crt on this host" ;;
    *"dial tcp: lookup"*) echo "The registry's name does not resolve on this host: see underlay.mode and underlay.nameservers, or write archive: FILE of docker save" ;;
    *) echo "If this host cannot reach the registry, write archive: FILE of docker save" ;;
  esac
}

# An image that was loaded for vxlab's containers is removed with the last of them; one that was there before is kept.
docker_brought() {
  case $known in *"$image_id"*) ;; *) : >"$IMAGES/brought-${image_id#sha256:}" ;; esac
}

docker_forget() {
  local record
  [ -e "$IMAGES/brought-${1#sha256:}" ] || return 0
  [ -z "$(engine ps -aq --filter "ancestor=$1")" ] || return 0
  # -f: it may have several names, one for each way that it was loaded.
  engine image rm -f "$1" >/dev/null 2>&1 || return 0
  rm -f "$IMAGES/brought-${1#sha256:}"
  for record in "$IMAGES"/*; do
    case $record in *.tar) ;; *) [ "$(cat "$record")" != "$1" ] || rm -f "$record" ;; esac
  done
}
