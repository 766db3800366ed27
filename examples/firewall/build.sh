#!/bin/sh
# Writes firewall.tar, a Docker image with nftables and tcpdump: Debian packages in a folder, made into an archive without Docker. As root,
# with mmdebstrap; it takes packages from where this computer's apt does.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
tools=$here/../../image
[ -e "$tools/docker/image-archive.sh" ] || tools=$here/node_modules/vxlab/image
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
suite=bookworm
# shellcheck disable=SC2016 # apt's own variables
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' "Codename: $suite" | sort -u)
printf '%s\n' "$sources" |
  mmdebstrap --quiet --variant=extract --mode=root --include=nftables,tcpdump,iproute2,busybox-static "$suite" "$root" ${sources:+-}
rm -rf "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale "$root"/usr/lib/*/gconv "${root:?}"/var
ln -s busybox "$root/bin/sh"
for name in cat sleep mkdir; do [ -e "$root/bin/$name" ] || ln -s busybox "$root/bin/$name"; done
mkdir -p "$root/etc" "$root/tmp" "$root/var/log"
echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd" # tcpdump looks its user up
cp "$here/firewall.nft" "$root/etc/firewall.nft"
cp "$here/start" "$root/start"
chmod 755 "$root/start"
sh "$tools/docker/image-archive.sh" "$root" firewall /start >"$here/firewall.tar"
