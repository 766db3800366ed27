#!/bin/sh
# Goes on where recipe/trim.sh ends, in the folder of build.sh.
# shellcheck disable=SC2154 # $root is recipe/trim.sh's

# Half of what the packages bring is no part of running a container: containerd's own client and its older shims, the
# proxy of published ports, shell completions.
rm -rf "$root"/usr/bin/ctr "$root"/usr/bin/containerd-stress "$root"/usr/bin/containerd-shim "$root"/usr/bin/containerd-shim-runc-v1 \
  "$root"/usr/sbin/docker-proxy "$root"/usr/bin/docker-proxy "$root"/usr/share/docker.io "$root"/usr/share/fish \
  "$root"/usr/share/zsh "$root"/usr/share/gocode "$root"/etc/default/docker

# One image is there already, so that a first container needs no registry.
busybox=$(mktemp -d)
recipe/container-root.sh "$root/bin/busybox" "$busybox"
mkdir -p "$root/usr/share/vxlab/docker"
recipe/image-archive.sh "$busybox" vxlab/busybox /sbin/init >"$root/usr/share/vxlab/docker/busybox.tar"
rm -rf "$busybox"
