#!/usr/bin/env bash
# build.sh [--hash | --print] CACHE_DIR: the golden guest image, built once and cached by the hash of its recipe.
# Prints one line of JSON on stdout (where the files are, and the kernel line that goes with them), progress on stderr.
# --hash prints the hash, --print the JSON that a build would print, without building.
set -eEuo pipefail
trap 'echo "image: failed at ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND" >&2' ERR
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
# shellcheck source=lib.sh
. ./lib.sh

suite=bookworm
disk_size=2G

main() {
  local mode=build
  case ${1:-} in --hash | --print) mode=${1#--}; shift ;; esac
  local hash
  hash=$(recipe_hash build.sh lib.sh recipe)
  [ "$mode" != hash ] || { echo "$hash"; return; }
  [ $# -eq 1 ] || die "usage: image/build.sh [--hash | --print] CACHE_DIR"

  local final=$1/golden-$hash
  if [ "$mode" = build ] && [ ! -e "$final/recipe.txt" ]; then
    needs "$@"
    mkdir -p "$1"
    lock "$1/.lock"
    [ -e "$final/recipe.txt" ] || build "$1" "$final" "$hash"
  fi
  final=$(realpath -m "$final")
  json "$hash" "$final"
}

# jq is no need of the machine that builds: none of the values can hold a character that JSON would escape.
json() {
  printf '{"hash":"%s","root":"%s/root.qcow2","kernel":"%s/vmlinuz","initrd":"%s/initrd.img","cmdline":"%s"}\n' \
    "$1" "$2" "$2" "$2" "$(cat recipe/cmdline)"
}

needs() {
  [ "$(uname -m)" = x86_64 ] || die "the golden image is built for x86_64, this machine is $(uname -m): use a cloud image (image/README.md)"
  need mmdebstrap=mmdebstrap mke2fs=e2fsprogs qemu-img=qemu-utils flock=util-linux awk=mawk
  [ "$(id -u)" = 0 ] || die "building needs root (files of the image belong to root): sudo image/build.sh $*"
}

build() {
  local cache=$1 final=$2 hash=$3 started=$SECONDS
  # Beside the final folder, because rename works only within a file system: a build that is cut off leaves no half image.
  work=$(mktemp -d "$cache/.building.XXXXXX")
  trap 'rm -rf "$work"' EXIT

  say "[1/5] golden image $hash: once for this recipe, about 2 min"
  say "[2/5] Debian packages (about 90 s)"
  packages
  say "[3/5] kernel, own init, container root; trimming"
  kernel
  customise
  say "[4/5] initrd"
  initrd
  say "[5/5] root disk"
  disk
  cp recipe/cmdline "$work/out/"
  provenance "$hash" >"$work/out/recipe.txt"
  mv -T "$work/out" "$final"
  say "done in $((SECONDS - started)) s: $(du -h "$final/root.qcow2" | cut -f1) in $final"
}

packages() {
  mkdir "$work/out"
  # INITRD=No: the kernel package would have initramfs-tools build an initrd that nobody boots.
  # essential: neither apt nor systemd; labs have no way to a mirror.
  INITRD=No bootstrap "$suite" "$work/root" essential "$(sed 's/#.*//' recipe/packages | xargs | tr ' ' ,)"
  package_versions "$work/root" >"$work/versions"
}

customise() {
  recipe/trim.sh "$work/root" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; die "trimming failed (its last lines are above)"; }
  cp -r recipe/files/. "$work/root/"
  chmod 755 "$work"/root/etc/init.d/* "$work"/root/etc/acpi/PWRF/* "$work"/root/usr/lib/vxlab-init/*
  for tool in init reboot poweroff halt; do ln -s /bin/busybox "$work/root/sbin/$tool"; done
  applets
  ln -sf /proc/self/mounts "$work/root/etc/mtab"
  # 65536 ids from 100000: what guest/ maps a container's root to. newuidmap's owner is root, which starts them.
  echo root:100000:65536 | tee "$work/root/etc/subuid" >"$work/root/etc/subgid"
  install -d -m 700 "$work/root/root/.ssh"
  chroot "$work/root" ovsdb-tool create /etc/openvswitch/conf.db /usr/share/openvswitch/vswitch.ovsschema
  : >"$work/root/etc/resolv.conf" # its absence is a warning of ovsdb-server and ovs-vswitchd on every console
  container_root
}

# What people reach for on a host and the image does not hold as a package of its own: vi, less, nc, traceroute…
applets() {
  local applet
  # shellcheck disable=SC2016 # for the shell inside
  for applet in $("$work/root/bin/busybox" --list); do
    chroot "$work/root" /bin/sh -c 'command -v -- "$1"' sh "$applet" >/dev/null || ln -s busybox "$work/root/bin/$applet"
  done
}

container_root() {
  recipe/container-root.sh "$work/root/bin/busybox" "$work/container"
  mkdir -p "$work/root/usr/share/vxlab"
  # Owned by the ids that container root is mapped to: unpacking is all, no chown of 300 files afterwards.
  tar --sort=name --mtime=@0 --numeric-owner --owner=100000 --group=100000 -C "$work/container" \
    -cf "$work/root/usr/share/vxlab/rootfs-busybox.tar" .
}

# The kernel as the ELF file inside vmlinuz, which QEMU starts through its PVH entry point. Two reasons: nobody has to
# decompress 14 MB under emulation (0.4 s), and `reboot` works: QEMU 7.2 puts a random seed behind a bzImage, whose
# place is overwritten by the decompressed kernel, so that the second start of the same QEMU process walks into garbage
# and hangs before the first message (seen here every time).
kernel() {
  local image=$work/vmlinuz offset length
  cp "$work"/root/boot/vmlinuz-* "$image"
  # Linux' Documentation/x86/boot.rst: setup_sects at 0x1f1; payload_offset (from the end of the setup sectors) at 0x248,
  # payload_length at 0x24c; the payload's last four bytes are the size that it unpacks to.
  read -r offset length < <(od -An -tu4 -j $((0x248)) -N 8 "$image")
  offset=$((offset + 512 * ($(od -An -tu1 -j $((0x1f1)) -N 1 "$image") + 1)))
  dd if="$image" of="$work/root/tmp/payload" bs=1M iflag=skip_bytes,count_bytes skip="$offset" count=$((length - 4)) status=none
  chroot "$work/root" lz4 -q -d -f /tmp/payload /tmp/vmlinux
  mv "$work/root/tmp/vmlinux" "$work/out/vmlinuz" # the name that everybody looks for; QEMU looks inside
  rm "$work/root/tmp/payload"
  [ "$(dd if="$work/out/vmlinuz" bs=1 skip=1 count=3 status=none)" = ELF ] || die "the kernel's payload is no ELF file: has Debian changed its compression (lz4)?"
}

# The initrd: uncompressed, because unpacking under emulation costs more than reading 2.7 MB.
initrd() {
  local modules name path
  modules=$(echo "$work"/root/lib/modules/*)
  mkdir -p "$work"/initrd/{bin,dev,root,modules}
  cp "$work/root/bin/busybox" "$work/initrd/bin/"
  ln -s busybox "$work/initrd/bin/sh"
  cp recipe/initrd/init "$work/initrd/init"
  chmod 755 "$work/initrd/init"
  # In load order: insmod resolves nothing, and a script that has to look nothing up is the fastest.
  local n=10
  for name in virtio_pci virtio_blk virtio_net virtio-rng isofs; do
    chroot "$work/root" modprobe --set-version "${modules##*/}" --show-depends "$name"
  done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r path; do
    cp "$work/root$path" "$work/initrd/modules/$((n++))-${path##*/}"
  done
  find "$work/initrd" -exec touch -h -d @0 {} +
  # busybox's own cpio: one tool less that the machine has to have.
  (cd "$work/initrd" && find . | LC_ALL=C sort | "$work/root/bin/busybox" cpio -o -H newc -R 0:0 2>/dev/null) >"$work/out/initrd.img"
}

disk() {
  mke2fs -q -t ext4 -F -m 0 -L vxlab -E no_copy_xattrs,root_owner=0:0 -O ^metadata_csum,^resize_inode -d "$work/root" \
    "$work/root.raw" "$disk_size" >"$work/log"
  # zstd: 55 MB to upload instead of 140, and reading it costs a booting machine less than 0.1 s.
  qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd "$work/root.raw" "$work/out/root.qcow2"
}

provenance() {
  echo "# golden image $1, built $(date -u +%Y-%m-%dT%H:%M:%SZ) from Debian $suite"
  echo "# recipe files"
  find build.sh lib.sh recipe -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
  echo "# Debian packages that were installed before trimming"
  cat "$work/versions"
}

main "$@"
