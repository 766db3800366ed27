#!/bin/sh
# container-root.sh BUSYBOX DIR: a container's root in 2 MB, from one static busybox. Applets are symbolic links, so
# that a container's own `ls -l /bin` tells what they are; inside, `ping`, `nc`, `httpd`, `ip` and `udhcpc` work.
set -eu
busybox=$1 dir=$2

mkdir -p "$dir"
cd "$dir"
mkdir -p bin dev etc/init.d mnt proc root run sbin sys tmp usr/bin usr/share/udhcpc usr/sbin var/log var/www
ln -s /run var/run
chmod 1777 tmp
chmod 700 root
cp "$busybox" bin/busybox
chmod 755 bin/busybox
for applet in $("$busybox" --list); do [ "$applet" = busybox ] || ln -s busybox "bin/$applet"; done
ln -s /bin/busybox sbin/init

echo 'root:x:0:0:root:/root:/bin/sh' >etc/passwd
echo 'root:x:0:' >etc/group
echo '127.0.0.1 localhost' >etc/hosts
: >etc/resolv.conf
# No getty: nobody logs in but `lxc-attach`. SIGPWR is lxc-stop's, and busybox init takes it for "power off".
cat >etc/inittab <<'INITTAB'
::sysinit:/etc/init.d/rcS
::shutdown:/bin/sync
INITTAB
cat >etc/init.d/rcS <<'RCS'
#!/bin/sh
[ ! -s /etc/hostname ] || hostname -F /etc/hostname
ip link set lo up
RCS
cat >usr/share/udhcpc/default.script <<'UDHCPC'
#!/bin/sh
# busybox udhcpc calls this with the lease in its environment.
case $1 in
  deconfig) ip addr flush dev "$interface" ;;
  bound | renew)
    ip addr replace "$ip/${mask:-24}" dev "$interface"
    [ -z "${mtu:-}" ] || ip link set "$interface" mtu "$mtu"
    for gateway in ${router:-}; do ip route replace default via "$gateway" dev "$interface"; done
    [ -z "${dns:-}" ] || for server in $dns; do echo "nameserver $server"; done >/etc/resolv.conf
    ;;
esac
UDHCPC
chmod 755 etc/init.d/rcS usr/share/udhcpc/default.script
