#!/bin/sh
# trim.sh ROOT: takes out what Debian's dependencies bring along and no lab host runs. Every `pulumi up` of a new lab
# uploads the image to libvirt, so a megabyte here is paid again and again; boot time does not change.
set -eu
root=${1:?usage: trim.sh ROOT}

# --force-depends: openvswitch-switch names Python for ovs-ctl's helpers, the kernel names initramfs-tools; the init of
# this image uses none of those.
purge() {
  # dpkg-query expands the patterns itself; what matches nothing is no error.
  # shellcheck disable=SC2016
  chroot "$root" dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null | awk '$1 == "ii" { print $2 }' |
    xargs -r chroot "$root" dpkg --purge --force-depends --force-remove-essential
}
# In this order: Python packages clean up with Python when they go, Perl's with Perl.
purge python3 python3-openvswitch python3-netifaces python3-sortedcontainers
purge 'python3*' 'libpython3*' usrmerge 'lib*-perl' 'initramfs-tools*' udev klibc-utils cpio uuid-runtime \
  runit-helper logrotate media-types lz4 lsof libc-ares2
purge perl 'perl-modules-*' 'libperl5*' libklibc libsqlite3-0
# Last: it is what maintainer scripts run on, and none will run again.
purge adduser debconf ucf perl-base

# Kernel modules of a virtual machine in a network lab, and whatever those depend on (a line of modules.dep names all
# that its module needs). The rest goes.
modules=$(echo "$root"/lib/modules/*)
wanted='^kernel/(crypto|lib|net)/|^kernel/arch/x86/crypto/|^kernel/drivers/(virtio|net/vxlan|net/wireguard|net/bonding|vhost)/
^kernel/drivers/net/[^/]*$|^kernel/drivers/block/(virtio_blk|loop)\.ko|^kernel/drivers/char/(hw_random/virtio-rng|virtio_console)\.ko
^kernel/drivers/(acpi/button|input/evdev)\.ko|^kernel/fs/(isofs|overlayfs|fuse|nls|squashfs|configfs|autofs)/|^kernel/fs/binfmt_misc\.ko'
unwanted='^kernel/net/(sctp|rds|tipc|dccp|sunrpc|ceph|9p|bluetooth|wireless|mac80211|smc|appletalk|atm|can|batman-adv|rxrpc|mac802154|ieee802154|lapb|x25|nfc|rfkill|vmw_vsock)/|/test_[^/]*$'
cut -d: -f1 "$modules/modules.dep" | grep -E "$wanted" | grep -vE "$unwanted" >"$modules/keep.list"
awk -F'[: ]+' 'NR == FNR { keep[$1]; next } $1 in keep { for (i = 1; i <= NF; i++) if ($i) print $i }' \
  "$modules/keep.list" "$modules/modules.dep" | sort -u >"$modules/closure.list"
(cd "$modules" && find kernel -name '*.ko' | sort | comm -23 - closure.list | xargs rm -f && find kernel -type d -empty -delete)
rm "$modules/keep.list" "$modules/closure.list"
chroot "$root" depmod -a "${modules##*/}"

rm -rf "${root:?}"/boot/* "$root"/vmlinuz* "$root"/initrd.img* \
  "$root"/usr/share/doc/* "$root"/usr/share/man/* "$root"/usr/share/info/* "$root"/usr/share/locale/* \
  "$root"/usr/share/bash-completion "$root"/usr/share/lintian "$root"/usr/share/bug \
  "$root"/usr/share/lxc/templates/lxc-download \
  "$root"/etc/init.d/* "$root"/etc/rc?.d "$root"/etc/systemd "$root"/usr/lib/systemd "$root"/usr/lib/udev "$root"/etc/udev \
  "$root"/usr/share/perl5 "$root"/usr/lib/x86_64-linux-gnu/gconv "$root"/usr/lib/x86_64-linux-gnu/perl-base "$root"/var/cache/debconf "$root"/var/lib/dpkg/*-old "$root"/var/cache/apt "$root"/var/lib/apt "$root"/etc/apt

# lxc's tools are 700 KB each (every one carries the library): those for images, snapshots and migration go.
for tool in checkpoint copy snapshot top update-config checkconfig create destroy device execute unshare usernsexec; do rm -f "$root/usr/bin/lxc-$tool"; done

# wg is all that vxlab needs of wireguard-tools: wg-quick wants bash.
rm -f "$root/usr/bin/wg-quick"
# Of FRR's 20 MB, what EVPN needs and vtysh. The models in /usr/share/yang are compiled in.
find "$root/usr/lib/frr" -type f ! -name zebra ! -name bgpd -delete
rm -rf "$root"/usr/lib/x86_64-linux-gnu/frr/modules "$root"/usr/lib/x86_64-linux-gnu/frr/libfrrcares.* \
  "$root"/usr/lib/x86_64-linux-gnu/frr/libfrrospfapiclient.* "$root"/usr/bin/mtracebis "$root"/usr/share/yang "$root"/etc/frr/*

# Nothing of the machine that built the image, and nothing that two hosts would share.
rm -f "$root"/etc/ssh/ssh_host_* "$root"/etc/resolv.conf "$root"/etc/hostname "$root"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "$root"/var/log/*.log
: >"$root/etc/machine-id"
find "$root/var/log" -type f -exec truncate -s 0 {} +
