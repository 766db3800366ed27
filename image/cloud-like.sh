#!/usr/bin/env bash
# cloud-like.sh [--hash | --print] CACHE_DIR: a stand-in for a stock Debian 12 cloud image, for machines that cannot
# download one: systemd, cloud-init, netplan, AppArmor, its own kernel started by its own GRUB from a partition table.
# It differs in one thing: the packages that cloud-init would fetch from a mirror (guest/seed.ts) are in it already.
# Same output as build.sh, without kernel, initrd and kernel line.
set -eEuo pipefail
trap 'echo "image: failed at ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND" >&2' ERR
cd "$(dirname "${BASH_SOURCE[0]}")"
# shellcheck source=lib.sh
. ./lib.sh

suite=bookworm
disk_mib=3072
stock=linux-image-cloud-amd64,initramfs-tools,grub-pc-bin,grub-common,systemd-sysv,systemd-resolved,libpam-systemd,dbus,udev
stock+=,cloud-init,cloud-guest-utils,netplan.io,apparmor,openssh-server,sudo,iproute2,iputils-ping,procps,ca-certificates,less,fdisk
fetched=openvswitch-switch,lxc,busybox-static,tcpdump,ethtool,iperf3,nftables,dnsmasq-base

main() {
  local mode=build hash final
  case ${1:-} in --hash | --print) mode=${1#--} && shift ;; esac
  hash=$(recipe_hash cloud-like.sh lib.sh)
  [ "$mode" != hash ] || { echo "$hash" && return; }
  [ $# -eq 1 ] || die "usage: image/cloud-like.sh [--hash | --print] CACHE_DIR"
  final=$(realpath -m "$1/cloud-$hash")
  if [ "$mode" = build ] && [ ! -e "$final/recipe.txt" ]; then
    need mmdebstrap=mmdebstrap mke2fs=e2fsprogs qemu-img=qemu-utils flock=util-linux awk=mawk
    [ "$(id -u)" = 0 ] || die "building needs root: sudo image/cloud-like.sh $*"
    mkdir -p "$1"
    lock "$1/.lock"
    [ -e "$final/recipe.txt" ] || build "$1" "$final" "$hash"
  fi
  printf '{"hash":"%s","root":"%s/root.qcow2"}\n' "$hash" "$final"
}

build() {
  local started=$SECONDS
  work=$(mktemp -d "$1/.building.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/out"
  say "[1/3] cloud-like image $3: Debian packages (about 3 min)"
  # minbase: Debian's cloud images of this release have netplan and networkd, not the ifupdown of "important".
  bootstrap "$suite" "$work/root" minbase "$stock,$fetched"
  say "[2/3] settings of a stock image"
  settings
  say "[3/3] partition, boot loader"
  disk
  { echo "# cloud-like image $3, built $(date -u +%Y-%m-%dT%H:%M:%SZ) from Debian $suite"; package_versions "$work/root"; } >"$work/out/recipe.txt"
  mv -T "$work/out" "$2"
  say "done in $((SECONDS - started)) s: $(du -h "$2/root.qcow2" | cut -f1) in $2"
}

settings() {
  local root=$work/root
  rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root"/var/log/*.log
  : >"$root/etc/machine-id"
  echo 'LABEL=cloudroot / ext4 defaults 0 1' >"$root/etc/fstab"
  ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
  # As on Debian's own: cloud-init writes netplan's files, netplan writes networkd's.
  chroot "$root" systemctl -q enable systemd-networkd systemd-resolved ssh
  # Debian's own has all locales for this (250 MB); without them cloud-init reports an error of its own making.
  printf '%s\n' 'datasource_list: [NoCloud, ConfigDrive, None]' 'locale: false' >"$root/etc/cloud/cloud.cfg.d/90_vxlab.cfg"
}

disk() {
  local root=$work/root kernel
  kernel=$(basename "$root"/boot/vmlinuz-*)
  mkdir -p "$root/boot/grub"
  cat >"$root/boot/grub/grub.cfg" <<GRUB
serial --unit=0
terminal_output serial
linux /boot/$kernel root=LABEL=cloudroot ro console=tty0 console=ttyS0,115200
initrd /boot/initrd.img-${kernel#vmlinuz-}
boot
GRUB
  # A core image that knows where grub.cfg is, in the gap before the first partition, where grub-install puts it too;
  # boot.img looks for it in sector 1 as delivered. No loop device and no mount that a killed build would leave.
  chroot "$root" grub-mkimage -O i386-pc -o /boot/grub/core.img -p '(hd0,msdos1)/boot/grub' \
    biosdisk part_msdos ext2 normal linux serial terminal boot configfile
  truncate -s "${disk_mib}M" "$root/tmp/disk"
  echo 'start=2048, type=83, bootable' | chroot "$root" sfdisk -q /tmp/disk
  mv "$root/tmp/disk" "$work/root.raw"
  mke2fs -q -t ext4 -F -L cloudroot -d "$root" "$work/part.raw" "$((disk_mib - 1))M" >/dev/null
  dd if="$root/usr/lib/grub/i386-pc/boot.img" of="$work/root.raw" bs=440 count=1 conv=notrunc status=none
  dd if="$root/boot/grub/core.img" of="$work/root.raw" bs=512 seek=1 conv=notrunc status=none
  dd if="$work/part.raw" of="$work/root.raw" bs=1M seek=1 conv=notrunc,sparse status=none
  qemu-img convert -f raw -O qcow2 -c -o compression_type=zstd "$work/root.raw" "$work/out/root.qcow2"
}

main "$@"
