#!/bin/sh
# make-root.sh [FILE]: a root file system with FRR's zebra, ospfd and vtysh from Debian 12's packages, as FILE (frr.tar.gz). Needs
# mmdebstrap and Debian's archive keys. Nothing is configured in it: the lab's files do that.
set -eu
file=${1:-frr.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# This machine's own sources of Debian 12 where it has them, so that a mirror or proxy that is set up here is used.
# shellcheck disable=SC2016 # apt's own variables
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' | sort -u)
echo "$sources" | mmdebstrap --variant=extract --mode=root --format=directory --include=frr,busybox-static \
  --aptopt='APT::Install-Recommends "false"' bookworm "$work/root" ${sources:+-}

# What routers do not run.
cd "$work/root"
rm -rf usr/share/* usr/include usr/lib/python* usr/bin/perl* usr/lib/x86_64-linux-gnu/perl* usr/lib/x86_64-linux-gnu/gconv var/cache/* var/lib/apt var/lib/dpkg boot
find usr/lib/frr -type f ! -name zebra ! -name ospfd ! -name watchfrr -delete
find usr/bin usr/sbin bin sbin -type f ! -name 'vtysh' ! -name 'busybox' ! -name 'ip' -delete 2>/dev/null || :
rm -rf usr/lib/frr/modules usr/lib/x86_64-linux-gnu/frr/modules
mkdir -p etc/frr run/frr var/run var/log/frr var/tmp/frr tmp root dev proc sys
[ -e bin ] || ln -s usr/bin bin
busybox=bin/busybox
[ -e "$busybox" ] || busybox=usr/bin/busybox
for applet in $("./$busybox" --list); do [ -e "bin/$applet" ] || [ -L "bin/$applet" ] || ln -s busybox "bin/$applet"; done
printf 'root:x:0:0:root:/root:/bin/sh\nfrr:x:92:92::/run/frr:/bin/false\n' >etc/passwd
printf 'root:x:0:\nfrr:x:92:\nfrrvty:x:93:frr\n' >etc/group
# vtysh asks PAM, whose common files are not here.
printf 'auth sufficient pam_permit.so\naccount sufficient pam_permit.so\n' | tee etc/pam.d/frr >etc/pam.d/other
chown -R 92:92 etc/frr run/frr var/log/frr var/tmp/frr
tar --numeric-owner -czf "$work/out.tar.gz" .
cd "$OLDPWD"
mv "$work/out.tar.gz" "$file"
ls -l "$file"
