/** The first process of a transparent middle box: it joins its two interfaces by a bridge. */
export const MIDDLE_BOX = [
  "/bin/sh",
  "-c",
  [
    "ip link add br0 type bridge",
    "ip link set eth0 master br0",
    "ip link set eth1 master br0",
    "ip link set br0 up",
    "exec sleep 100000",
  ].join("; "),
];
