/** As bad-input.test.ts, for what is inside containers: files, commands, kernel settings, routes, gateways. */
import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const c1 = (fragment: object) => ({ containers: { c1: { address: undefined, ...fragment } } });
const docker = (fragment: object) => ({
  ...c1({ kind: "docker", image: "a", ...fragment }),
  image: { kind: "docker" },
});
const trunk = (fragment: object) => ({
  segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20 } },
  containers: {
    c1: { address: undefined, trunk: ["blue"], ...fragment },
    c2: { segment: "red" },
  },
});
const file = (target: string, fragment: object = { content: "x" }) => c1({ files: { [target]: fragment } });
const exec = (fragment: object) => c1({ exec: [fragment] });
const sysctl = (name: string, value: unknown = "1") => c1({ sysctls: { [name]: value } });
const route = (to: unknown, via: unknown = "10.0.3.7") =>
  c1({ address: "10.0.3.10/24", routes: [{ to, via }] });
const KIB = 1024;

const rows: Record<string, Row[]> = {
  files: [
    [file("etc/x"), 'containers.c1.files["etc/x"]', "not the path of a file", "absolute"],
    [file("/etc/"), 'containers.c1.files["/etc/"]', "not the path of a file", "absolute"],
    [file("/etc/../x"), 'containers.c1.files["/etc/../x"]', "not the path of a file", "absolute"],
    [file("/a b"), 'containers.c1.files["/a b"]', "not the path of a file", "absolute"],
    [file("/a\n"), 'containers.c1.files["/a\\n"]', "not the path of a file", "absolute"],
    [file("/proc/sys/x"), 'containers.c1.files["/proc/sys/x"]', "Cannot be written", "absolute"],
    [file("/.vxlab-init"), 'containers.c1.files["/.vxlab-init"]', "Cannot be written", "absolute"],
    [
      c1({ files: { "/a": { content: "" }, "/a/b": { content: "" } } }),
      'containers.c1.files["/a/b"]',
      "inside /a",
      "absolute",
    ],
    [file("/a", {}), 'containers.c1.files["/a"].content', "missing", "path: a file"],
    [
      file("/a", { content: "x", path: "y" }),
      'containers.c1.files["/a"].path',
      "combined with content",
      "Remove",
    ],
    [file("/a", { content: 7 }), 'containers.c1.files["/a"].content', "not text", "content: text"],
    [file("/a", { path: "" }), 'containers.c1.files["/a"].path', "not a file path", "content: text"],
    [file("/a", { content: "x", mode: 420 }), 'containers.c1.files["/a"].mode', "not a mode", '"0644"'],
    [file("/a", { content: "x", mode: "rw" }), 'containers.c1.files["/a"].mode', "not a mode", '"0644"'],
    [
      file("/a", { content: "x", owner: "a b" }),
      'containers.c1.files["/a"].owner',
      "not the name",
      "user:group",
    ],
    [
      file("/a", { content: "x".repeat(256 * KIB + 1) }),
      'containers.c1.files["/a"].content',
      "262145 bytes",
      "content",
    ],
    [
      c1({
        files: Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`/${n}`, { content: "x".repeat(250 * KIB) }])),
      }),
      "containers.c1.files",
      "all files of a container",
      "image",
    ],
  ],
  commands: [
    [exec({}), "containers.c1.exec[0].command", "not a command", "list of words"],
    [exec({ command: [] }), "containers.c1.exec[0].command", "not a command", "list of words"],
    [exec({ command: [""] }), "containers.c1.exec[0].command", "not a command", "list of words"],
    [exec({ command: "ls" }), "containers.c1.exec[0].command", "not a command", "list of words"],
    [exec({ command: ["a"], timeout: 0 }), "containers.c1.exec[0].timeout", "whole number", "1 to 500"],
  ],
  sysctls: [
    [sysctl("kernel.panic"), 'containers.c1.sysctls["kernel.panic"]', "of its own", "net.ipv4"],
    [sysctl("net.core.somaxconn"), 'containers.c1.sysctls["net.core.somaxconn"]', "of its own", "net.ipv4"],
    [
      sysctl("net.ipv4.conf.../../x.y"),
      'containers.c1.sysctls["net.ipv4.conf.../../x.y"]',
      "of its own",
      "net.ipv4",
    ],
    [
      sysctl("net.ipv4.ip_forward", true),
      'containers.c1.sysctls["net.ipv4.ip_forward"]',
      "not a value",
      '"1"',
    ],
    [
      sysctl("net.ipv4.ip_forward", "1; id"),
      'containers.c1.sysctls["net.ipv4.ip_forward"]',
      "not a value",
      '"1"',
    ],
    [c1({ sysctls: ["a"] }), "containers.c1.sysctls", "not a mapping", "ip_forward"],
  ],
  routes: [
    [route("10.9.0.1/24"), "containers.c1.routes[0].to", "host bits", "10.9.0.0/24"],
    [route("0.0.0.0/0"), "containers.c1.routes[0].to", "default route", "gateway"],
    [route("::/0"), "containers.c1.routes[0].to", "default route", "gateway6"],
    [route("far"), "containers.c1.routes[0].to", "not a network", "10.9.0.0/24"],
    [route("10.9.0.0/24", "r"), "containers.c1.routes[0].via", "not an address", "router"],
    [route("10.9.0.0/24", "10.0.4.1"), "containers.c1.routes[0].via", "in no segment", "router"],
    [route("10.9.0.0/24", "10.0.3.10"), "containers.c1.routes[0].via", "own address", "router"],
    [route("fd00::/64"), "containers.c1.routes[0].via", "not of the family", "router"],
    [
      c1({
        routes: [
          { to: "10.9.0.0/24", via: "10.0.3.7" },
          { to: "10.9.0.0/24", via: "10.0.3.8" },
        ],
      }),
      "containers.c1.routes[1].to",
      "Has a route already",
      "Remove",
    ],
  ],
  gateways: [
    [c1({ gateway: "c3" }), "containers.c1.gateway", "neither an address nor a container", "c2"],
    [c1({ gateway: "c1" }), "containers.c1.gateway", "own address", "router"],
    [c1({ gateway: "10.0.4.1" }), "containers.c1.gateway", "outside 10.0.3.0/24", "router"],
    [c1({ gateway: "10.0.3.255" }), "containers.c1.gateway", "broadcast", "router"],
    [c1({ gateway6: "c2" }), "containers.c1.gateway6", "no IPv6 subnet", "router"],
    [c1({ address: "none", gateway: "c2" }), "containers.c1.gateway", "no IPv4 address", "router"],
    [
      {
        segments: { red: { dhcp: { host: "kvm1" } } },
        containers: { c1: { address: "dhcp", gateway: "c2" } },
      },
      "containers.c1.gateway",
      "address: dhcp",
      "leave it out",
    ],
  ],
  roots: [
    [c1({ rootfs: "" }), "containers.c1.rootfs", "not a file path", "leave it out"],
    [c1({ rootfs: 7 }), "containers.c1.rootfs", "not a file path", "leave it out"],
    [docker({ rootfs: "./a.tar" }), "containers.c1.rootfs", "Has no effect", "kind: lxc"],
    [c1({ volumes: { "/d": "d" } }), "containers.c1.volumes", "Has no effect", "kind: docker"],
    [c1({ capAdd: ["NET_ADMIN"] }), "containers.c1.capAdd", "Has no effect", "kind: docker"],
  ],
  privileges: [
    [docker({ volumes: ["d"] }), "containers.c1.volumes", "not a mapping", "/var/lib/data"],
    [docker({ volumes: { d: "d" } }), "containers.c1.volumes.d", "not the path", "/var/lib/data"],
    [docker({ volumes: { "/d": "a b" } }), 'containers.c1.volumes["/d"]', "not the name", "/var/lib/data"],
    [
      docker({ volumes: { "/d": "d", "/e": "d" } }),
      'containers.c1.volumes["/e"]',
      "already taken",
      "of its own",
    ],
    [docker({ capAdd: "NET_ADMIN" }), "containers.c1.capAdd", "not a list", "[NET_ADMIN]"],
    [docker({ capAdd: ["NET_ADMN"] }), "containers.c1.capAdd[0]", "not a capability", "NET_ADMIN"],
    [docker({ capAdd: ["ALL"] }), "containers.c1.capAdd[0]", "control of its machine", "Leave"],
    [docker({ capAdd: ["CAP_NET_RAW", "NET_RAW"] }), "containers.c1.capAdd[1]", "already taken", "once"],
  ],
  "ports of the host": [
    [c1({ ports: "8080:80" }), "containers.c1.ports", "not a list", "8080:80"],
    ...["80", "0:80", "65536:80", "8080:80/icmp", "127.0.0.1:8080:80", 8080].map((port): Row => [
      c1({ ports: [port] }),
      "containers.c1.ports[0]",
      "not a pair of ports",
      "8080:80",
    ]),
    [c1({ ports: ["8080:80", "8080:81"] }), "containers.c1.ports[1]", "already taken", "once"],
    [c1({ ports: ["22:22"] }), "containers.c1.ports", "not free: it is used for SSH", "another port"],
    ...[4789, 4790, 6081, 51820].map((port): Row => [
      c1({ ports: [`${port}:53/udp`] }),
      "containers.c1.ports",
      "not free",
      "another port",
    ]),
    [
      { containers: { c1: { ports: ["8080:80"] }, c2: { host: "kvm1", ports: ["8080:81/udp"] } } },
      "containers.c2.ports",
      "already taken by containers.c1.ports",
      "another port",
    ],
    [
      {
        underlay: { cidr: "fd00:10::/64" },
        hosts: { kvm1: { address: "fd00:10::a" }, kvm2: { address: "fd00:10::b" } },
        containers: { c1: { ports: ["8080:80"] } },
      },
      "containers.c1.ports",
      "for IPv4",
      "./vxlab forward",
    ],
  ],
  "addresses in a trunk": [
    [
      trunk({ addresses: { green: "10.7.0.7/24" } }),
      "containers.c1.addresses",
      "not a segment of the trunk",
      "blue",
    ],
    [trunk({ addresses: ["10.7.0.7/24"] }), "containers.c1.addresses", "not a mapping", "blue"],
    [
      trunk({ addresses: { blue: "10.8.0.7/24" } }),
      "containers.c1.addresses.blue",
      "outside 10.7.0.0/24",
      "10.7.0.1",
    ],
    [
      trunk({ addresses: { blue: "dhcp" } }),
      "containers.c1.addresses.blue",
      "no effect in a trunk",
      "of its own",
    ],
    [
      trunk({ addresses6: { blue: "fd00::7/64" } }),
      "containers.c1.addresses6.blue",
      "no IPv6 subnet",
      "subnet6",
    ],
    [
      c1({ addresses: { red: "10.0.3.7/24" } }),
      "containers.c1.addresses",
      "no effect without trunk",
      "address",
    ],
    [
      c1({ segment: undefined, interfaces: [{}], gateway: "c2" }),
      "containers.c1.gateway",
      "combined with interfaces",
      "interfaces",
    ],
  ],
  forwards: [
    [c1({ forwards: "all" }), "containers.c1.forwards", "not a list of networks", "0.0.0.0/0"],
    [c1({ forwards: ["10.9.0.1/24"] }), "containers.c1.forwards[0]", "host bits", "10.9.0.0/24"],
    [c1({ forwards: ["10.9.0.0/24"], portSecurity: false }), "containers.c1.forwards", "no effect", "Remove"],
  ],
};

tellsOf(rows);

describe("addresses in a trunk", () => {
  it("are as written, and computed where nothing is", () => {
    const lab = referenceWith({
      segments: {
        blue: { vni: 200, subnet: "10.7.0.0/24", subnet6: "fd00:7::/64", vlan: 20 },
        green: { vni: 300, subnet: "10.8.0.0/24", vlan: 30 },
      },
      containers: {
        c1: {
          address: undefined,
          trunk: ["blue", "green"],
          addresses: { blue: "10.7.0.7/24" },
          addresses6: { blue: "none" },
        },
        c2: { segment: "red" },
      },
    });
    const c1 = planLab(lab, { lab: "vxlab/dev" }).containers.find(({ name }) => name === "c1");
    const [blue, green] = c1?.interfaces[0]?.trunk ?? [];
    expect(blue?.addresses).toEqual(["10.7.0.7/24"]);
    expect(green?.addresses).toEqual([expect.stringMatching(/^10\.8\.0\.\d+\/24$/)]);
  });
});

describe("a router", () => {
  const segments = {
    red: { vlan: undefined },
    blue: { vni: 200, subnet: "10.7.0.0/24", subnet6: "fd00:7::/64", vlan: 20 },
  };
  const router = (fragment: object = {}) => {
    const r = {
      host: "kvm1",
      interfaces: [{ segment: "red" }, { segment: "blue" }],
      sysctls: { "net.ipv4.ip_forward": 1 },
      routes: [{ to: "10.9.0.0/24", via: "10.7.0.9" }],
      ...fragment,
    };
    const c1 = { address: "10.0.3.10/24", segment: "red", gateway: "r" };
    const lab = referenceWith({ segments, containers: { r, c1, c2: { segment: "red" } } });
    return planLab(lab, { lab: "vxlab/dev" }).containers;
  };
  const forwards = (fragment: object = {}) =>
    router(fragment)
      .find(({ name }) => name === "r")
      ?.interfaces.map((one) => one.forwards);

  it("may forward what it reaches by its other interfaces, of the families that it forwards", () => {
    expect(forwards()).toEqual([["10.7.0.0/24", "10.9.0.0/24"], ["10.0.3.0/24"]]);
    expect(forwards({ sysctls: { "net.ipv6.conf.all.forwarding": "1" } })).toEqual([
      ["fd00:7::/64"],
      undefined,
    ]);
    expect(forwards({ sysctls: {} })).toEqual([undefined, undefined]);
  });

  it("may forward everything where its default route leads elsewhere, and what is written", () => {
    const interfaces = [{ segment: "red" }, { segment: "blue", gateway: "10.7.0.1" }];
    expect(forwards({ interfaces })).toEqual([["0.0.0.0/0"], ["10.0.3.0/24"]]);
    const written = [
      { segment: "red", forwards: ["10.1.0.0/16"] },
      { segment: "blue", forwards: [] },
    ];
    expect(forwards({ interfaces: written })).toEqual([["10.1.0.0/16"], undefined]);
  });

  it("is the default route of who names it", () => {
    const all = router();
    const address = all.find(({ name }) => name === "r")?.interfaces[0]?.addresses[0]?.split("/")[0];
    expect(all.find(({ name }) => name === "c1")?.interfaces[0]?.gateway).toBe(address);
  });
});
