/** As bad-input.test.ts, for what containers have: services, several interfaces, kinds, computed addresses. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { reference, referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const red = (fragment: object) => ({ segments: { red: fragment } });
const c1 = (fragment: object) => ({ containers: { c1: { address: undefined, ...fragment } } });
/** A segment with IPv6 alone. */
const six = (fragment: object, segment: object = {}) => ({
  segments: { red: { subnet: undefined, subnet6: "fd00:3::/64", ...segment } },
  containers: { c1: { address: undefined, ...fragment }, c2: { address: undefined } },
});
const docker = (fragment: object) => ({ ...c1({ kind: "docker", ...fragment }), image: { kind: "docker" } });
/** A tagged segment beside the reference lab's. */
const blue = (fragment: object = {}) => ({
  segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20, ...fragment } },
  containers: { c1: { segment: "red" }, c2: { segment: "red" } },
});
const existing = (fragment: object) => ({ hosts: { kvm1: { existing: fragment } } });
const many = (count: number, make: (i: number) => object) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, make(i)]));

const rows: Record<string, Row[]> = {
  services: [
    [red({ dhcp: {} }), "segments.red.dhcp.host", "missing", "kvm1, kvm2"],
    [six({}, { dhcp: { host: "kvm1" } }), "segments.red.dhcp", "for IPv4", "segments.red.subnet"],
    [
      six({}, { gateway: { host: "kvm1", address: "10.0.3.1" } }),
      "segments.red.gateway.address",
      "for IPv4",
      "segments.red.subnet",
    ],
    [
      red({ gateway: { host: "kvm1", address6: "fd00:3::1" } }),
      "segments.red.gateway.address6",
      "for IPv6",
      "segments.red.subnet6",
    ],
    ...["10.0.3.1", "fd00:4::1", "fd00:3::1/64", "fd00:3::"].map((address6): Row => [
      six({}, { gateway: { host: "kvm1", address6 } }),
      "segments.red.gateway.address6",
      "",
      "an address of fd00:3::1 to",
    ]),
    [
      six({ address6: "fd00:3::1/64" }, { gateway: { host: "kvm1" } }),
      "containers.c1.address6",
      "taken by segments.red.gateway",
      "own",
    ],
    [
      red({ dhcp: { host: "kvm7" } }),
      "segments.red.dhcp.host",
      "not a host of the segment",
      "Did you mean kvm1",
    ],
    [
      red({ dhcp: { host: "kvm1", first: "10.0.4.1" } }),
      "segments.red.dhcp.first",
      "outside 10.0.3.0/24",
      "10.0.3.1 to",
    ],
    [
      red({ dhcp: { host: "kvm1", last: "10.0.3.255" } }),
      "segments.red.dhcp.last",
      "broadcast",
      "10.0.3.1 to",
    ],
    [
      red({ dhcp: { host: "kvm1", first: "10.0.3.9/24" } }),
      "segments.red.dhcp.first",
      "does not take",
      "10.0.3.1 to",
    ],
    [
      red({ dhcp: { host: "kvm1", first: "10.0.3.99", last: "10.0.3.90" } }),
      "segments.red.dhcp.first",
      "empty",
      "above last",
    ],
    [
      red({ dhcp: { host: "kvm1", first: "10.0.3.1", last: "10.0.3.9" } }),
      "segments.red.dhcp.first",
      "server's own address 10.0.3.1",
      "another gateway.address",
    ],
    [
      red({ dhcp: { host: "kvm1", first: "10.0.3.11", last: "10.0.3.20" } }),
      "containers.c2.address",
      "10.0.3.11 to 10.0.3.20 of segments.red.dhcp",
      "outside",
    ],
    [
      {
        ...red({ dhcp: { host: "kvm1", first: "10.0.3.99", last: "10.0.3.99" } }),
        containers: { c1: { address: "dhcp" }, c2: { address: "dhcp" } },
      },
      "segments.red.dhcp.first",
      "has 1 addresses for 2",
      "larger range",
    ],
    [red({ gateway: [{ host: "kvm1" }, { host: "kvm2" }] }), "segments.red.gateway", "a mapping", "{ host:"],
    [red({ gateway: {} }), "segments.red.gateway.host", "missing", "kvm1, kvm2"],
    [red({ gateway: { host: 7 } }), "segments.red.gateway.host", "not a host of the segment", "kvm1, kvm2"],
    [
      red({ gateway: { host: "kvm1", address: "10.0.3.0" } }),
      "segments.red.gateway.address",
      "network address",
      "10.0.3.1",
    ],
    [
      red({ gateway: { host: "kvm1", address: "10.0.3.10" } }),
      "containers.c1.address",
      "taken by segments.red.gateway",
      "own",
    ],
    [
      red({ gateway: { host: "kvm1" }, dhcp: { host: "kvm2" } }),
      "segments.red.dhcp.host",
      "not the gateway's host",
      '"kvm1"',
    ],
    [c1({ address: "dhcp" }), "containers.c1.address", "no DHCP server in segment red", "segments.red.dhcp"],
  ],
  interfaces: [
    [c1({ interfaces: [] }), "containers.c1.interfaces", "1 to 8", "segment"],
    [
      { containers: { c1: { interfaces: [{}] } } },
      "containers.c1.address",
      "combined with interfaces",
      "Move it",
    ],
    [c1({ interfaces: [{}, {}] }), "containers.c1.interfaces[1].segment", "interfaces[0].segment", "once"],
    [
      c1({ interfaces: [{ segment: "rde" }] }),
      "containers.c1.interfaces[0].segment",
      "not a segment",
      "Did you mean red",
    ],
    [
      c1({ interfaces: [{ address: "10.0.4.9/24" }] }),
      "containers.c1.interfaces[0].address",
      "outside",
      "10.0.3.1",
    ],
    [
      c1({ interfaces: [{ mac: "01:00:00:00:00:00" }] }),
      "containers.c1.interfaces[0].mac",
      "multicast",
      "leave it out",
    ],
    [c1({ address6: "fd00::5/64" }), "containers.c1.address6", "no IPv6 subnet", "segments.red.subnet6"],
    [
      { ...red({ subnet6: "fd00:3::/64" }), ...c1({ address6: "dhcp" }) },
      "containers.c1.address6",
      "Is for IPv4",
      "none",
    ],
    [
      { ...red({ subnet6: "fd00:3::/64" }), ...c1({ address6: "fd00:3::5/65" }) },
      "containers.c1.address6",
      "/65",
      "with /64",
    ],
    [
      { ...red({ subnet6: "fd00:3::/64" }), ...c1({ address6: "fd00:4::5/64" }) },
      "containers.c1.address6",
      "outside",
      "fd00:3::1",
    ],
    [
      six({ address: "10.0.3.10/24" }),
      "containers.c1.address",
      "no IPv4 subnet",
      "containers.c1.address6 for an IPv6",
    ],
    [
      six({ interfaces: [{ address: "10.0.3.10/24" }] }),
      "containers.c1.interfaces[0].address",
      "no IPv4 subnet",
      "containers.c1.interfaces[0].address6",
    ],
    [six({ gateway: "10.0.3.1" }), "containers.c1.gateway", "no IPv4 subnet", "or none"],
    [c1({ trunk: [] }), "containers.c1.trunk", "at least one name", "have a VLAN"],
    [c1({ trunk: "red" }), "containers.c1.trunk", "at least one name", "have a VLAN"],
    [c1({ trunk: ["red"] }), "containers.c1.trunk[0]", "no VLAN", "segments.red a vlan"],
    [c1({ trunk: ["green"] }), "containers.c1.trunk[0]", "not a segment", "Known: red"],
    [
      { ...blue(), containers: { c1: { trunk: ["blue"] }, c2: { segment: "red" } } },
      "containers.c1.address",
      "with trunk",
      "Leave it out",
    ],
    [
      {
        ...blue(),
        containers: { c1: { address: undefined, trunk: ["blue", "blue"] }, c2: { segment: "red" } },
      },
      "containers.c1.trunk[1]",
      "taken by containers.c1.trunk[0]",
      "once",
    ],
    [
      {
        ...blue({ hosts: ["kvm2"] }),
        containers: { c1: { address: undefined, trunk: ["blue"] }, c2: { segment: "red" } },
      },
      "containers.c1.host",
      "not in segment blue",
      "Add kvm1",
    ],
  ],
  kinds: [
    [c1({ kind: "podman" }), "containers.c1.kind", "not a valid value", "lxc, docker"],
    [docker({}), "containers.c1.image", "missing", "docker save"],
    [docker({ image: "" }), "containers.c1.image", "not the name", "docker save"],
    [docker({ image: "./app.tar" }), "containers.c1.image", "not the name", "archive"],
    [docker({ image: "Debian" }), "containers.c1.image", '"Debian" is not in lower case', "debian:12"],
    [docker({ image: "reg.example/App" }), "containers.c1.image", '"App" is not in lower case', "debian:12"],
    [
      docker({ image: "reg_x.example/app" }),
      "containers.c1.image",
      '"reg_x.example" is not a registry',
      "debian",
    ],
    [docker({ image: "[fd00::1%eth0]/app" }), "containers.c1.image", "is not a registry", "debian:12"],
    [docker({ image: "fd00::1/app" }), "containers.c1.image", "is not a registry", "debian:12"],
    [docker({ image: "reg:x/app" }), "containers.c1.image", "is not a registry", "debian:12"],
    [docker({ image: "reg.example/" }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: "a//b" }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: "a..b" }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: "a___b" }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: "app:-1" }), "containers.c1.image", '"-1" is not a tag', "debian:12"],
    [docker({ image: "app:1:2" }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: `app:${"1".repeat(129)}` }), "containers.c1.image", "is not a tag", "debian:12"],
    [docker({ image: `app@sha256:${"0".repeat(63)}` }), "containers.c1.image", "a digest is", "debian:12"],
    [docker({ image: `app@md5:${"0".repeat(32)}` }), "containers.c1.image", "a digest is", "debian:12"],
    [docker({ image: `${"a".repeat(64)}` }), "containers.c1.image", "for an id", "debian:12"],
    [docker({ image: `${"a/".repeat(128)}a` }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: "debian:12 --privileged" }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ image: 7 }), "containers.c1.image", "not the name", "debian:12"],
    [docker({ archive: "" }), "containers.c1.archive", "not a file path", "./app.tar"],
    [
      docker({ image: "debian:12", archive: "./app.tar" }),
      "containers.c1.archive",
      "combined with image",
      "one of the two",
    ],
    [docker({ image: "debian:12", command: [7] }), "containers.c1.command[0]", "not a word", "list"],
    [docker({ image: "debian:12", env: ["A"] }), "containers.c1.env", "not a mapping", "NAME"],
    [docker({ image: "debian:12", env: { "": "1" } }), 'containers.c1.env[""]', "cannot be empty", "NAME"],
    [docker({ image: "debian:12", env: { "A=B": "1" } }), 'containers.c1.env["A=B"]', "contain =", "NAME"],
    [docker({ image: "debian:12", env: { "A\0": "1" } }), 'containers.c1.env["A\\u0000"]', "or NUL", "NAME"],
    [docker({ image: "debian:12", env: { A: 1 } }), "containers.c1.env.A", "not text", '"value"'],
    [docker({ image: "debian:12", env: { A: "1\0" } }), "containers.c1.env.A", "without NUL", '"value"'],
    [docker({ image: "debian:12", env: { A: "\ud800" } }), "containers.c1.env.A", "not text", '"value"'],
    [c1({ image: "debian:12" }), "containers.c1.image", "no effect", "kind: docker"],
    [c1({ archive: "./app.tar" }), "containers.c1.archive", "no effect", "kind: docker"],
    [c1({ env: { A: "1" } }), "containers.c1.env", "no effect", "kind: docker"],
    [
      c1({ kind: "docker", image: "debian:12" }),
      "containers.c1.kind",
      "Needs Docker on kvm1, which image.kind golden does not have",
      "image: { kind: docker }",
    ],
  ],
};

tellsOf(rows);

it("variables may have every name and value that Docker takes", () => {
  const env = {
    "discovery.type": "x",
    "http-proxy": "",
    "A B": "1\n2",
    IFS: "\t",
    ключ: "🐎",
    "-n": "$(id)",
  };
  const c1 = { host: "kvm1", kind: "docker", image: "debian:12", env };
  expect(labProblems(referenceWith({ image: { kind: "docker" }, containers: { c1 } }))).toEqual([]);
});

it("Docker is left to hosts and images that are not ours to know", () => {
  const c1 = { kind: "docker", image: "debian:12" };
  const cloud = referenceWith({ image: { kind: "cloud", path: "/i.qcow2" }, containers: { c1 } });
  expect(labProblems(cloud)).toEqual([]);
  const { hostKey } = { hostKey: `ssh-ed25519 ${"A".repeat(68)}` };
  const server = { address: "172.20.0.5", existing: { hostKey } };
  const there = referenceWith({ hosts: { server }, containers: { c1: { ...c1, host: "server" } } });
  expect(labProblems(there).filter(({ path }) => path.startsWith("containers"))).toEqual([]);
});

it.each([
  "debian",
  "debian:12",
  "vxlab/busybox",
  "registry.example:5000/team/app:1.2-rc1",
  `app@sha256:${"0".repeat(64)}`,
  `reg:5000/app:1@sha512:${"0".repeat(128)}`,
  "[fd00:10::1]:5000/app:1",
  "[fd00:10::1]/team/app",
  "Registry.Example.com/app",
  "REGISTRY/app:Tag_1",
  "localhost/app",
  "127.0.0.1:5000/a__b/c---d",
])("%s is the name of an image", (image) => {
  expect(labProblems(referenceWith(docker({ image, address: "10.0.3.10/24" })))).toEqual([]);
});

it.each(["lxc", "docker"])("%s's command may have an empty word as an argument", (kind) => {
  const command = ["redis-server", "--save", ""];
  const image = kind === "docker" ? { image: "redis:7" } : {};
  const c1 = { kind, command, ...image, address: "10.0.3.10/24" };
  expect(labProblems(referenceWith({ image: { kind: "docker" }, containers: { c1 } }))).toEqual([]);
});

describe("computed addresses", () => {
  const boxes = (count: number) => many(count, () => ({ host: "kvm1" }));

  it("that meet are refused, each with another free one to write", () => {
    const topology = { ...reference(), containers: boxes(60) } as never;
    const problems = labProblems(topology);
    expect(problems.length).toBeGreaterThan(1);
    for (const { path, got, message } of problems) {
      expect(got).toBeUndefined();
      expect(message).toMatch(
        /^The address computed for it, 10\.0\.3\.\d+, is already taken by containers\.m\d+\.address\.$/,
      );
      expect(path).toMatch(/^containers\.m\d+\.address$/);
    }
    const written = problems.map(
      ({ path, cure }) => [path.split(".")[1], /Write (\S+),/.exec(cure)?.[1]] as const,
    );
    const cured = written.map(([name = "", address]) => [name, { host: "kvm1", address }]);
    const containers = { ...boxes(60), ...(Object.fromEntries(cured) as object) };
    expect(labProblems({ ...reference(), containers })).toEqual([]);
  });

  it("that meet a written one give way to it", () => {
    const first = { ...reference(), containers: boxes(1) } as never;
    expect(labProblems(first)).toEqual([]);
    const taken = /10\.0\.3\.\d+/;
    for (let last = 2; last < 255; last++) {
      const containers = { ...boxes(1), z: { host: "kvm2", address: `10.0.3.${last}/24` } };
      const [problem, ...others] = labProblems({ ...reference(), containers });
      if (problem === undefined) continue;
      expect(others).toEqual([]);
      expect(problem.path).toBe("containers.m0.address");
      expect(problem.message).toContain(`10.0.3.${last}, is already taken by containers.z.address`);
      expect(problem.cure).toMatch(taken);
      return;
    }
    expect.unreachable("no address met the computed one");
  });

  it("of a subnet that is full are refused with the way out", () => {
    const topology = referenceWith({ segments: { red: { subnet: "10.0.3.8/30" } } });
    const problems = labProblems({ ...topology, containers: boxes(2) });
    expect(problems).toMatchObject([
      { path: "containers.m1.address", cure: "Choose a larger subnet: 10.0.3.8/30 is full." },
    ]);
  });
});

describe("the shape of nested settings", () => {
  const problems = (fragment: object) => labProblems(referenceWith(fragment));

  it.each<[object, string, string, string]>([
    [red({ dhcp: "kvm1" }), "segments.red.dhcp", "Must be a mapping of settings.", "{ host: … }"],
    [red({ gateway: { hots: "kvm1" } }), "segments.red.gateway.hots", "not a setting", "Did you mean host?"],
    [existing({ key: "x" }), "hosts.kvm1.existing.key", "not a setting", "hostKey, keyFile"],
    [
      c1({ interfaces: { segment: "red" } }),
      "containers.c1.interfaces",
      "Must be a list of mappings.",
      "[{ segment: … }]",
    ],
    [
      c1({ interfaces: ["red"] }),
      "containers.c1.interfaces[0]",
      "Must be a mapping of settings.",
      "{ segment: … }",
    ],
    [
      c1({ interfaces: [{ vlan: 3 }] }),
      "containers.c1.interfaces[0].vlan",
      "not a setting",
      "segment, address",
    ],
    [{ underlays: { north: 7 } }, "underlays.north", "Must be a mapping of settings.", "{ cidr: … }"],
  ])("%j", (fragment, path, message, cure) => {
    const found = problems(fragment).find((problem) => problem.path === path);
    expect(found?.message).toContain(message);
    expect(found?.cure).toContain(cure);
  });
});
