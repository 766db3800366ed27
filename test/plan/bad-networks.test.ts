/** As bad-input.test.ts, for networks and ports that are somebody else's (RFC 6890, RFC 6335). */
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const red = (fragment: object) => ({ segments: { red: fragment } });

const rows: Record<string, Row[]> = {
  "special-purpose networks": [
    ...[
      ["0.0.0.0/24", "this network"],
      ["0.5.0.0/24", "this network"],
      ["127.5.0.0/24", "loopback"],
      ["169.254.0.0/24", "link-local (169.254.0.0/16)"],
      ["169.254.0.0/16", "link-local"],
      ["169.0.0.0/8", "169.0.0.0/8 holds addresses that are link-local"],
      ["224.0.0.0/24", "multicast"],
      ["239.1.0.0/16", "multicast"],
      ["240.0.0.0/8", "reserved"],
      ["255.255.255.0/24", "reserved"],
    ].map(([subnet, fault = ""]): Row => [red({ subnet }), "segments.red.subnet", fault, "10.0.3.0/24"]),
    ...["fe80::/64", "fe80:0:0:5::/64", "febf::/64"].map((subnet6): Row => [
      red({ subnet6 }),
      "segments.red.subnet6",
      "link-local (fe80::/10)",
      "fd00:0:0:3::/64",
    ]),
    [red({ subnet6: "ff05::/64" }), "segments.red.subnet6", "multicast", "fd00:0:0:3::/64"],
    [red({ subnet6: "::/64" }), "segments.red.subnet6", "no address", "fd00:0:0:3::/64"],
    [red({ subnet6: "::1/128" }), "segments.red.subnet6", "loopback", "fd00:0:0:3::/64"],
    [red({ subnet6: "0:0:0:7::/64" }), "segments.red.subnet6", "reserved", "fd00:0:0:3::/64"],
  ],
  "system ports": [
    ...[0, 22, 53, 67, 68, 123, 546, 547, 1023, 65536].map((udpPort): Row => [
      red({ udpPort }),
      "segments.red.udpPort",
      "not a UDP port for tunnels: a whole number from 1024 to 65535 (those below are the host's services')",
      "from 1024 to 65535",
    ]),
    [
      red({ udpPort: 67, dhcp: { host: "kvm1", first: "10.0.3.100" } }),
      "segments.red.udpPort",
      "the host's services'",
      "from 1024",
    ],
  ],
};

tellsOf(rows);
