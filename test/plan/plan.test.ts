import { describe, expect, it } from "vitest";
import { labHints, labProblems } from "./problems";
import { TopologyError } from "../../plan/errors";
import { ed25519FromSeed } from "../../plan/keys";
import { planLab } from "../../plan/plan";
import { UnderlayMode } from "../../plan/types";
import type { Topology } from "../../plan/types";
import { frozen, reference, referenceWith } from "./reference";

const lab = "vxlab/dev";

describe("planLab", () => {
  it("decides the reference lab", () => {
    const port = {
      ...{ segment: "red", vni: 100, udpPort: 4789, mtu: 1450, flooding: "unicast", protected: true },
    };
    const underlay = {
      ...{ name: "underlay", cidr: "192.168.10.0/24", prefix: 24, gateway: "192.168.10.1" },
      ...{ mtu: 1500, mode: "isolated", nameservers: [] },
    };
    const container = { kind: "lxc", command: ["/sbin/init"] };
    const nic = { name: "eth0", segment: "red", dhcp: false, mtu: 1450, trunk: [], portSecurity: true };
    expect(planLab(frozen(reference()), { lab })).toEqual({
      family: 4,
      underlays: [underlay],
      image: { kind: "golden" },
      hosts: [
        {
          name: "kvm1",
          address: "192.168.10.156",
          kind: "machine",
          underlay,
          mac: "52:54:00:5a:7a:61",
          memory: 256,
          vcpus: 1,
          guard: true,
          bridge: { name: "vxbr", address: "10.1.2.10/24", mac: "0a:84:d8:43:2f:c4", mtu: 1450 },
          ports: [{ ...port, remotes: [{ host: "kvm2", address: "192.168.10.222" }] }],
        },
        {
          name: "kvm2",
          address: "192.168.10.222",
          kind: "machine",
          underlay,
          mac: "52:54:00:f3:f2:fe",
          memory: 256,
          vcpus: 1,
          guard: true,
          bridge: { name: "vxbr", address: "10.1.2.11/24", mac: "0a:3a:67:d0:f7:dc", mtu: 1450 },
          ports: [{ ...port, remotes: [{ host: "kvm1", address: "192.168.10.156" }] }],
        },
      ],
      containers: [
        {
          ...container,
          name: "c1",
          host: "kvm1",
          interfaces: [{ ...nic, addresses: ["10.0.3.10/24"], mac: "02:36:1a:aa:ca:52", veth: "v-c1" }],
        },
        {
          ...container,
          name: "c2",
          host: "kvm2",
          interfaces: [{ ...nic, addresses: ["10.0.3.11/24"], mac: "02:bf:c0:62:c2:86", veth: "v-c2" }],
        },
      ],
      services: [],
      chains: [],
      impairments: [],
      checks: [],
      hints: [],
    });
  });

  it("needs no more than hosts: everything else has a default", () => {
    const { underlays, image, hosts } = planLab(
      referenceWith({
        underlay: { cidr: undefined, mtu: undefined, mode: undefined },
        image: { kind: undefined },
      }),
      { lab },
    );
    expect(underlays).toEqual(planLab(reference(), { lab }).underlays);
    expect(image).toEqual({ kind: "golden" });
    expect(hosts).toHaveLength(2);
  });

  it.each([
    ["golden", 256],
    ["cloud", 1024],
  ])("gives the machines of a %s image %i MiB", (kind, memory) => {
    const plan = planLab(referenceWith({ image: { kind, path: "x.qcow2" } }), { lab });
    expect(plan.hosts.map((host) => "memory" in host && host.memory)).toEqual([memory, memory]);
    expect(plan.image).toEqual({ kind, path: "x.qcow2" });
  });

  it("plans one host without remotes, and hosts without segments", () => {
    const alone = planLab(referenceWith({ hosts: { kvm2: undefined }, containers: { c2: undefined } }), {
      lab,
    });
    expect(alone.hosts.map((host) => host.ports.map((port) => port.remotes))).toEqual([[[]]]);
    const bare = planLab({ ...reference(), segments: {}, containers: {} }, { lab });
    expect(bare.hosts.map((host) => [host.ports, host.bridge.mtu])).toEqual(Array(2).fill([[], 1450]));
  });

  it("sorts ports by VNI and tags what has a VLAN", () => {
    const white = { vni: 7, subnet: "10.7.0.0/16", vlan: 20, udpPort: 4790, mtu: 1400 };
    const topology = referenceWith({
      segments: { white },
      containers: { c1: { segment: "red" }, c2: { segment: "white", address: "10.7.0.1/16" } },
    });
    const plan = planLab(topology, { lab });
    expect(
      plan.hosts[0]?.ports.map(({ segment, vni, udpPort, vlan, mtu }) => [segment, vni, udpPort, vlan, mtu]),
    ).toEqual([
      ["white", 7, 4790, 20, 1400],
      ["red", 100, 4789, undefined, 1450],
    ]);
    expect(plan.hosts[0]?.bridge.mtu, "of the untagged segment").toBe(1450);
    expect(plan.containers.map(({ interfaces: [nic] }) => [nic?.vlan, nic?.mtu])).toEqual([
      [undefined, 1450],
      [20, 1400],
    ]);
  });

  it("sorts names by code unit, which no locale changes", () => {
    const hosts = {
      b: { address: "192.168.10.4" },
      "a-b": { address: "192.168.10.3" },
      a10: { address: "192.168.10.5" },
      a2: { address: "192.168.10.6" },
    };
    const plan = planLab({ ...reference(), hosts, containers: {} }, { lab });
    expect(plan.hosts.map((host) => host.name)).toEqual(["a-b", "a10", "a2", "b"]);
    expect(plan.hosts[1]?.ports[0]?.remotes.map((remote) => remote.host)).toEqual(["a-b", "a2", "b"]);
  });

  it("lets a bridge have its place in the untagged segment", () => {
    const bridges = {
      hosts: { kvm1: { bridgeAddress: "10.0.3.1/24" }, kvm2: { bridgeAddress: "10.0.3.2/24" } },
    };
    expect(labProblems(referenceWith(bridges))).toEqual([]);
  });

  it("keeps written MACs, in one spelling", () => {
    const plan = planLab(referenceWith({ hosts: { kvm1: { mac: "52:54:00:AA:bb:CC" } } }), { lab });
    expect(plan.hosts[0]).toHaveProperty("mac", "52:54:00:aa:bb:cc");
  });

  it("takes shell metacharacters in a command: they travel as JSON", () => {
    const command = ["/bin/sh", "-c", "'; $(reboot) `x` \n é"];
    expect(
      planLab(referenceWith({ containers: { c1: { command } } }), { lab }).containers[0]?.command,
    ).toEqual(command);
  });

  it("fills a /24 with 254 containers", () => {
    const containers = Object.fromEntries(
      Array.from({ length: 254 }, (_, i) => [`c${i}`, { host: "kvm1", address: `10.0.3.${i + 1}/24` }]),
    );
    expect(planLab({ ...reference(), containers }, { lab }).containers).toHaveLength(254);
  });

  it("differs in computed addresses between labs only", () => {
    const macs = (name: string) =>
      planLab(reference(), { lab: name }).hosts.map((host) => "mac" in host && host.mac);
    expect(macs("a/dev")).not.toEqual(macs("b/dev"));
  });

  it("plans 200 hosts, 400 containers and 3 segments within a second", () => {
    const range = (count: number) => Array.from({ length: count }, (_, i) => i);
    const topology: Topology = {
      underlay: { cidr: "192.168.0.0/16" },
      image: {},
      hosts: Object.fromEntries(
        range(200).map((i) => [
          `host${i}`,
          { address: `192.168.1.${i + 1}`, bridgeAddress: `10.9.0.${i + 1}/16` },
        ]),
      ),
      segments: Object.fromEntries(
        range(3).map((i) => [`s${i}`, { vni: i + 1, subnet: `10.${i}.0.0/16`, vlan: i + 1 }]),
      ),
      containers: Object.fromEntries(
        range(400).map((i) => [
          `c${i}`,
          {
            host: `host${i % 200}`,
            segment: `s${i % 3}`,
            address: `10.${i % 3}.${i >> 8}.${i % 256 || 1}/16`,
          },
        ]),
      ),
    };
    // c0 and c1, c256 and c257 have the same last byte, but not the same segment.
    // The time of this process, not of the clock: the machine may be busy.
    const start = process.cpuUsage();
    const plan = planLab(topology, { lab });
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(1);
    expect(plan.hosts.map((host) => host.ports.map((port) => port.remotes.length))).toEqual(
      Array(200).fill([199, 199, 199]),
    );
  });
});

describe("TopologyError", () => {
  it("says everything in one block", () => {
    const broken = referenceWith({
      hosts: { kvm1: { address: "192.168.10.1" }, kvm2: { memory: 64 } },
      segments: { red: { mtu: 1500 } },
    });
    const plan = () => planLab(broken, { lab });
    expect(plan).toThrow(TopologyError);
    expect(plan).toThrow(`The lab's settings have 3 problems; nothing was changed.

  hosts.kvm1.address: got "192.168.10.1"
    Is the gateway of 192.168.10.0/24: its first usable address belongs to the hypervisor.
    Write a free address of 192.168.10.2 to 192.168.10.254.

  hosts.kvm2.memory: got 64
    Must be a whole number of MiB, 128 to 1048576 (for a golden image).
    Write a number from 128 to 1048576.

  segments.red.mtu: got 1500
    Must be a whole number of bytes, 576 to 1450 (1450 is the underlay's 1500 less 50 for VXLAN).
    Leave it out to get 1450, or raise underlay.mtu.`);
  });

  describe("of many problems", () => {
    const hosts = (count: number, net: string) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`h${i}`, { address: `192.168.${net}.${i + 2}` }]),
      );
    const saidOf = (fragment: object) => {
      const lab: Topology = { ...reference(), containers: {}, ...fragment };
      const problems = labProblems(lab);
      return { problems, lines: new TopologyError(problems).message.split("\n") };
    };

    it("names one wrong network instead of each of its 200 hosts", () => {
      const { problems, lines } = saidOf({
        hosts: hosts(200, "10"),
        underlay: { cidr: "192.168.11.0/24" },
      });
      expect(problems).toEqual([
        {
          path: "underlay.cidr",
          got: "192.168.11.0/24",
          message: "192.168.11.0/24 contains none of the 200 hosts: hosts.h0.address is 192.168.10.2.",
          cure: "Write the network of the hosts' addresses, such as 192.168.10.0/24.",
        },
      ]);
      expect(lines).toHaveLength(5);
    });

    it.each([
      ["a default", {}, undefined, "172.16.0.2", "172.16.9.2", "such as 172.16.0.0/20."],
      [
        "the other family",
        { cidr: "fd00::/64" },
        "fd00::/64",
        "10.0.0.2",
        "10.0.0.3",
        "such as 10.0.0.0/24.",
      ],
      ["too far apart", {}, undefined, "10.0.0.2", "172.16.0.2", "hosts' addresses."],
      ["IPv6", { cidr: "fd00:1::/64" }, "fd00:1::/64", "fd00:2::2", "fd00:2::3", "such as fd00:2::/64."],
    ])("names a network that is wrong as %s", (_, underlay, got, a, b, cure) => {
      const { problems } = saidOf({ hosts: { a: { address: a }, b: { address: b } }, underlay });
      expect(problems).toMatchObject([{ path: "underlay.cidr", got }]);
      expect(problems[0]?.cure).toContain(cure);
    });

    it("names several networks together, and single hosts by themselves", () => {
      const underlays = { north: { cidr: "10.8.0.0/24" }, south: { cidr: "10.9.0.0/24" } };
      const both = saidOf({ hosts: hosts(2, "10"), underlay: {}, underlays });
      expect(both.problems).toMatchObject([{ path: "underlays", got: underlays }]);
      const [one] = saidOf({ hosts: { ...hosts(2, "10"), far: { address: "172.16.0.2" } } }).problems;
      expect(one).toMatchObject({ path: "hosts.far.address", message: "Is outside 192.168.10.0/24." });
    });

    it("shows the first three settings of one cause, and counts the others", () => {
      const { problems, lines } = saidOf({
        hosts: { ...hosts(200, "11"), in: { address: "192.168.10.2" } },
      });
      expect(problems).toHaveLength(200);
      expect(lines.join("\n")).toBe(`The lab's settings have 200 problems; nothing was changed.

  hosts.h0.address: got "192.168.11.2"
  hosts.h1.address: got "192.168.11.3"
  hosts.h10.address: got "192.168.11.12"
  … and 197 more of the same
    Is outside 192.168.10.0/24.
    Write a free address of 192.168.10.2 to 192.168.10.254.`);
    });

    it("keeps up to three of one cause apart, in their order", () => {
      const found = saidOf({
        hosts: { ...hosts(3, "11"), in: { address: "192.168.10.2", vcpus: 0 } },
      });
      expect(found.problems).toHaveLength(4);
      const paths = found.lines.flatMap((line) => /^ {2}(\S+): got/.exec(line)?.[1] ?? []);
      expect(paths).toEqual(found.problems.map(({ path }) => path));
      expect(found.lines).toHaveLength(1 + 4 * 4);
    });

    it("stays within 120 lines, whatever is wrong", () => {
      const segments = Object.fromEntries(
        Array.from({ length: 200 }, (_, i) => [`s${i}`, { vni: i, vlan: i + 1, subnet: `10.${i}.0.9/24` }]),
      );
      const { problems, lines } = saidOf({ segments, hosts: hosts(200, "11") });
      expect(problems.length).toBeGreaterThan(200);
      expect(lines.length).toBeLessThan(120);
      const counted = lines.flatMap((line) => (/^ {2}\S+: got/.test(line) ? [1] : []));
      const left = lines.flatMap((line) => Number(/^ {2}… and (\d+) more/.exec(line)?.[1] ?? 0));
      expect(counted.length + left.reduce((a, b) => a + b, 0), "none is lost").toBe(problems.length);
      expect(lines.at(-1)).toMatch(/^ {2}… and \d+ more problems\.$/);
    });
  });

  it("carries the problems, and the mark that spares a stack trace", () => {
    const error = new TopologyError([{ path: "a", got: undefined, message: "m", cure: "c" }]);
    expect(error.problems).toHaveLength(1);
    expect(error).toMatchObject({ name: "TopologyError", __pulumiRunError: true });
    expect(error.message).toContain("1 problem;");
    expect(error.message).toContain("a: got nothing");
  });

  it("cuts long values and shows what JSON cannot", () => {
    const got = (value: unknown) =>
      new TopologyError([{ path: "a", got: value, message: "m", cure: "c" }]).message;
    expect(got("x".repeat(500)).length).toBeLessThan(250);
    expect(got(NaN)).toContain("got NaN");
    expect(got("a\0b\n")).toContain('got "a\\u0000b\\n"');
  });
});

describe("labHints", () => {
  it("has nothing to say about the reference lab", () => expect(labHints(reference())).toEqual([]));

  it("names the port 8472, which is allowed", () => {
    const topology = referenceWith({ segments: { red: { udpPort: 8472 } } });
    expect(labProblems(topology)).toEqual([]);
    expect(labHints(topology)).toMatchObject([{ path: "segments.red.udpPort", got: 8472 }]);
  });

  it("names a server that an isolated underlay keeps out, and none that it routes to", () => {
    const existing = { hostKey: ed25519FromSeed(new Uint8Array(32)).publicKeyLine };
    const hosts = { srv: { address: "172.20.0.5", existing } };
    const at = (mode: UnderlayMode) => labHints(referenceWith({ hosts, underlay: { mode } }));
    expect(at(UnderlayMode.Isolated)).toMatchObject([{ path: "hosts.srv", got: "172.20.0.5" }]);
    expect(at(UnderlayMode.Nat)).toMatchObject([{ path: "hosts.srv" }]);
    expect(at(UnderlayMode.Routed)).toEqual([]);
    const inside = { srv: { address: "192.168.10.9", existing } };
    expect(labHints(referenceWith({ hosts: inside }))).toEqual([]);
  });

  it("names a lone host", () => {
    const topology = referenceWith({ hosts: { kvm2: undefined }, containers: { c2: undefined } });
    expect(labHints(topology)).toMatchObject([{ path: "hosts.kvm1" }]);
  });
});
