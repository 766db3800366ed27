#!/bin/sh
# sshd of one of a test's servers, inside the namespaces of its libvirtd: with its /run, as on a machine of its own.
#
#   sshd.sh FOLDER ADDRESS PORT SSHD     FOLDER has the keys `host` and `authorized`; takes the log and the pid file
set -eu
folder=$1 address=$2 port=$3 sshd=$4

mkdir -p /run/sshd
# sshd drops its rights to this user, which only its package makes.
if ! getent passwd sshd >/dev/null; then
  { cat /etc/passwd && echo 'sshd:x:64056:65534::/run/sshd:/usr/sbin/nologin'; } >"$folder/passwd.new"
  mv "$folder/passwd.new" "$folder/passwd"
  mount --bind "$folder/passwd" /etc/passwd
fi
cat >"$folder/sshd_config" <<CONF
Port $port
ListenAddress $address
HostKey $folder/host
AuthorizedKeysFile $folder/authorized
AuthenticationMethods publickey
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
PidFile $folder/sshd.pid
CONF
exec "$sshd" -f "$folder/sshd_config" -E "$folder/sshd.log"
