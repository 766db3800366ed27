/** As bad-input.test.ts, for what is somebody else's: networks and ports (RFC 6890, RFC 6335), names of resources. */
import { expect, it } from "vitest";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const red = (fragment: object) => ({ segments: { red: fragment } });

/** Two hosts whose names with a segment's or a bridge's may be one. */
const sites = (site: object = {}, siteA: object = {}) => ({
  hosts: {
    site: { address: "192.168.10.11", ...site },
    "site-a": { address: "192.168.10.12", ...siteA },
  },
});
const pair = (first: string, second: string, more: object = {}) => ({
  segments: {
    [first]: { vni: 200, subnet: "10.8.0.0/24", vlan: 20, ...more },
    [second]: { vni: 300, subnet: "10.9.0.0/24", vlan: 30, ...more },
  },
  containers: { c1: { segment: "red" }, c2: { segment: "red" } },
});

const rows: Record<string, Row[]> = {
  "names of resources": [
    [
      { ...sites(), ...pair("lan", "a-lan") },
      "segments.lan",
      "Its resource on hosts.site-a would be named site-a-lan, as is already the resource of segments.a-lan on hosts.site",
      "Rename one of the two hosts or one of the two segments",
    ],
    [
      {
        ...sites(),
        ...pair("lan", "a-lan"),
        segments: {
          lan: { ...pair("lan", "").segments["lan"], gateway: { host: "site-a" } },
          "a-lan": { ...pair("", "a-lan").segments["a-lan"], dhcp: { host: "site" } },
        },
      },
      "segments.lan",
      "as is already the resource of segments.a-lan on hosts.site",
      "Rename one",
    ],
    [
      { ...sites({ bridge: "a-br" }, { bridge: "br" }) },
      "hosts.site-a.bridge",
      "Its resource on hosts.site-a would be named site-a-br, as is already the resource of hosts.site.bridge on hosts.site",
      "Rename one of the two hosts or one of the two bridges",
    ],
  ],
  "special-purpose networks": [
    ...[
      ["0.0.0.0/24", "this network"],
      ["0.5.0.0/24", "this network"],
      ["127.5.0.0/24", "loopback"],
      ["169.254.0.0/24", "link-local (169.254.0.0/16)"],
      ["169.254.0.0/16", "link-local"],
      ["169.0.0.0/8", "169.0.0.0/8 contains addresses that are link-local"],
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
      "not a UDP port for tunnels: a whole number from 1024 to 65535 (the host's services use those below)",
      "from 1024 to 65535",
    ]),
    [
      red({ udpPort: 67, dhcp: { host: "kvm1", first: "10.0.3.100" } }),
      "segments.red.udpPort",
      "the host's services use",
      "from 1024",
    ],
  ],
};

tellsOf(rows);

it.each<[string, object]>([
  ["a segment and a bridge", { ...sites({ bridge: "a-lan" }), ...pair("lan", "wan") }],
  ["segments that are on different hosts", { ...sites(), ...pair("lan", "a-lan", { hosts: ["site"] }) }],
  [
    "a container and a port",
    {
      ...sites(),
      ...pair("lan", "wan"),
      containers: {
        c1: { segment: "red" },
        c2: { segment: "red" },
        "site-lan": { host: "site", segment: "lan" },
      },
    },
  ],
  ["a container and a host", { ...sites(), containers: { site: { host: "site" } } }],
  [
    "a segment that ends as a service does",
    { ...sites(), ...pair("lan", "lan-service", { hosts: ["site"] }) },
  ],
  [
    "a host that is named as a part of another",
    {
      hosts: {
        "kvm1-domain": { address: "192.168.10.3" },
        "kvm1-step": { address: "192.168.10.4" },
        image: { address: "192.168.10.5" },
        underlay: { address: "192.168.10.6" },
        id: { address: "192.168.10.7" },
        secret: { address: "192.168.10.8" },
      },
    },
  ],
])("%s may have names that meet, since their types differ", (_, fragment) => {
  expect(labProblems(referenceWith(fragment), "vxlab/dev")).toEqual([]);
});
