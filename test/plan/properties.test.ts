/** What must hold for every lab, not only for those somebody thought of. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { labProblems } from "./problems";
import { TopologyError } from "../../plan/errors";
import { tunnelName, vethName } from "../../plan/names";
import { planLab } from "../../plan/plan";
import type { ContainerSpec, HostSpec, LabPlan, SegmentSpec, Topology } from "../../plan/types";
import { frozen } from "./reference";

// A property is a hundred cases; vitest's 5 s are for one, and this machine may be busy building images.
vi.setConfig({ testTimeout: 60_000 });

const lab = "vxlab/dev";

const hostName = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/);
const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,14}$/);
const distinct = <T>(arb: fc.Arbitrary<T>, minLength: number, maxLength: number) =>
  fc.uniqueArray(arb, { minLength, maxLength });
const pick = <T>(list: readonly T[], index: number): T => list[index % list.length];

/** Valid labs: hosts anywhere in 172.16.0.0/16, segment i in 10.i.0.0/16 with VLAN i (the first untagged). */
const topologies: fc.Arbitrary<Topology> = fc
  .record({
    hosts: distinct(hostName, 2, 8),
    octets: distinct(fc.integer({ min: 2, max: 65534 }), 8, 8),
    segments: distinct(label, 2, 4),
    vnis: distinct(fc.integer({ min: 1, max: 2 ** 24 - 1 }), 4, 4),
    containers: distinct(label, 2, 12),
    places: fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
    mtu: fc.integer({ min: 1280, max: 9216 }),
  })
  .map(({ hosts, octets, segments, vnis, containers, places, mtu }) => ({
    underlay: { cidr: "172.16.0.0/16", mtu },
    image: {},
    hosts: Object.fromEntries(
      hosts.map((name, i): [string, HostSpec] => [
        name,
        { address: `172.16.${dotted(pick(octets, i))}`, bridgeAddress: `10.200.0.${i + 1}/16` },
      ]),
    ),
    segments: Object.fromEntries(
      segments.map((name, i): [string, SegmentSpec] => [
        name,
        { vni: pick(vnis, i), subnet: `10.${i}.0.0/16`, ...(i > 0 ? { vlan: i } : {}) },
      ]),
    ),
    containers: Object.fromEntries(
      containers.map((name, i): [string, ContainerSpec] => {
        const place = pick(places, i);
        const segment = place % segments.length;
        return [
          name,
          {
            host: pick(hosts, place),
            segment: pick(segments, segment),
            address: `10.${segment}.0.${i + 1}/16`,
          },
        ];
      }),
    ),
  }));

function dotted(number: number): string {
  return `${number >> 8}.${number & 255}`;
}

/** Two machines of 24-bit MACs may collide by chance; such a lab is rightly refused, and not what a property is about. */
function planned(topology: Topology): LabPlan {
  const problems = labProblems(topology, lab);
  fc.pre(!problems.some(({ message }) => message.startsWith("This MAC")));
  fc.pre(!problems.some(({ message }) => message.startsWith("The interface name")));
  fc.pre(!problems.some(({ message }) => message.startsWith("Its resource on")));
  // A lab of one host has a hint, which a second one takes away.
  return { ...planLab(frozen(topology), { lab }), hints: [] };
}

function without<T>(record: Readonly<Record<string, T>>, ...names: string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !names.includes(name)));
}

function shuffled<T>(record: Readonly<Record<string, T>>, seed: number): Record<string, T> {
  const keyed = Object.entries(record).map((entry, i): [number, [string, T]] => [
    (seed * (i + 7)) % 101,
    entry,
  ]);
  return Object.fromEntries(keyed.sort(([a], [b]) => a - b).map(([, entry]) => entry));
}

describe("a plan", () => {
  it("is the same whatever the order of the keys", () => {
    fc.assert(
      fc.property(topologies, fc.nat(), (topology, seed) => {
        const { hosts, segments, containers, underlay, image } = topology;
        const other = {
          containers: shuffled(containers, seed),
          segments: shuffled(segments, seed),
          hosts: shuffled(hosts, seed),
          image,
          underlay,
        };
        expect(JSON.stringify(planned(other))).toBe(JSON.stringify(planned(topology)));
      }),
    );
  });

  it("adds a host as one more remote of each other, and changes nothing else", () => {
    fc.assert(
      fc.property(topologies, (larger) => {
        const [added = ""] = Object.keys(larger.hosts);
        const guests = Object.entries(larger.containers).filter(([, { host }]) => host === added);
        const containers = without(larger.containers, ...guests.map(([name]) => name));
        const before = planned({ ...larger, hosts: without(larger.hosts, added), containers });
        const after = planned({ ...larger, containers });
        const known = after.hosts.filter((host) => host.name !== added);
        const ports = (host: LabPlan["hosts"][number]) =>
          host.ports.map((port) => ({
            ...port,
            remotes: port.remotes.filter((remote) => remote.host !== added),
          }));
        expect({ ...after, hosts: known.map((host) => ({ ...host, ports: ports(host) })) }).toEqual(before);
        expect(
          known.every((host) =>
            host.ports.every((port) => port.remotes.some((remote) => remote.host === added)),
          ),
        ).toBe(true);
      }),
    );
  });

  it("adds a container, and changes nothing else", () => {
    fc.assert(
      fc.property(topologies, (larger) => {
        const [added = ""] = Object.keys(larger.containers);
        const before = planned({ ...larger, containers: without(larger.containers, added) });
        const after = planned(larger);
        expect({ ...after, containers: after.containers.filter(({ name }) => name !== added) }).toEqual(
          before,
        );
      }),
    );
  });

  it("adds a tagged segment as one more port, and changes nothing else", () => {
    fc.assert(
      fc.property(topologies, (larger) => {
        const added =
          Object.keys(larger.segments).find((name) => larger.segments[name]?.vlan !== undefined) ?? "";
        const members = Object.entries(larger.containers).filter(([, { segment }]) => segment === added);
        const containers = without(larger.containers, ...members.map(([name]) => name));
        const before = planned({ ...larger, segments: without(larger.segments, added), containers });
        const after = planned({ ...larger, containers });
        const hosts = after.hosts.map((host) => ({
          ...host,
          ports: host.ports.filter((port) => port.segment !== added),
        }));
        expect({ ...after, hosts }).toEqual(before);
      }),
    );
  });

  it("has unicast, locally administered, unique MACs, and unique names of at most 15 bytes", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const { hosts, containers } = planned(topology);
        const macs = [
          ...hosts.flatMap((host) => [...("mac" in host ? [host.mac] : []), host.bridge.mac]),
          ...containers.flatMap(({ interfaces }) => interfaces.map(({ mac }) => mac)),
        ];
        expect(macs.every((mac) => (parseInt(mac.slice(0, 2), 16) & 3) === 2)).toBe(true);
        expect(new Set(macs).size).toBe(macs.length);
        for (const host of hosts) {
          const tunnels = host.ports.flatMap(({ vni, remotes }) =>
            remotes.map(({ address }) => tunnelName(vni, address)),
          );
          const veths = containers
            .filter((container) => container.host === host.name)
            .flatMap(({ interfaces }) => interfaces.map(({ veth }) => veth));
          const names = [host.bridge.name, ...tunnels, ...veths];
          expect(names.every((name) => Buffer.byteLength(name) <= 15)).toBe(true);
          expect(new Set(names).size).toBe(names.length);
        }
      }),
    );
  });

  it("never gives a host itself as a remote, and every tunnel has its counterpart", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const tunnels = planned(topology).hosts.flatMap((host) =>
          host.ports.flatMap(({ vni, remotes }) => remotes.map((remote) => [vni, host.name, remote.host])),
        );
        expect(tunnels.filter(([, from, to]) => from === to)).toEqual([]);
        const back = new Set(tunnels.map(([vni, from, to]) => `${vni} ${to} ${from}`));
        expect(tunnels.every(([vni, from, to]) => back.has(`${vni} ${from} ${to}`))).toBe(true);
      }),
    );
  });

  it("computes the largest MTU that fits, and refuses one byte more", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const limit = (topology.underlay.mtu ?? 0) - 50;
        const nics = planned(topology).containers.flatMap(({ interfaces }) => interfaces);
        expect(new Set(nics.map(({ mtu }) => mtu))).toEqual(new Set([limit]));
        const [name = "", segment] = Object.entries(topology.segments)[0] ?? [];
        const withMtu = (mtu: number) => ({
          ...topology,
          segments: { ...topology.segments, [name]: { ...segment, mtu } as SegmentSpec },
        });
        expect(labProblems(withMtu(limit))).toEqual(labProblems(topology));
        expect(labProblems(withMtu(limit + 1)).map(({ path }) => path)).toContain(`segments.${name}.mtu`);
      }),
    );
  });
});

describe("names", () => {
  it("fit the kernel's 15 bytes for any container, VNI and address", () => {
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(label, fc.integer({ min: 1, max: 2 ** 24 - 1 }), address, (name, vni, remote) => {
        expect(vethName(name)).toMatch(/^v-[a-z0-9-]{1,13}$/);
        expect(tunnelName(vni, remote)).toMatch(
          vni < 10000 ? new RegExp(`^vx${vni}-[0-9a-f]{8}$`) : /^vx[0-9a-z]{5}-[0-9a-z]{7}$/,
        );
        expect(tunnelName(vni, remote).length).toBeLessThanOrEqual(15);
      }),
    );
  });

  it("of tunnels differ for any two VNIs and IPv4 addresses", () => {
    const remote = fc.tuple(fc.integer({ min: 1, max: 2 ** 24 - 1 }), fc.ipV4());
    const remotes = fc.uniqueArray(remote, { minLength: 2, maxLength: 50, selector: String });
    fc.assert(
      fc.property(remotes, (list) => {
        expect(new Set(list.map(([vni, address]) => tunnelName(vni, address))).size).toBe(list.length);
      }),
    );
  });
});

describe("any data at all", () => {
  const leaf = fc.oneof(
    fc.anything(),
    fc.constantFrom("kvm1", "red", "10.0.3.10/24", "192.168.10.5", 100, null),
    fc.constantFrom(
      "multicast",
      "flow",
      "docker",
      "dhcp",
      "none",
      "fd00::5",
      "fd00:3::/64",
      ["kvm1"],
      ["red"],
    ),
    fc.constantFrom([], {}, [{}], [{ segment: "red" }], { host: "kvm1" }, { hostKey: "x" }),
  );
  const keys = fc.constantFrom(
    "address",
    "vni",
    "subnet",
    "host",
    "segment",
    "mac",
    "mtu",
    "vlan",
    "command",
    "kind",
    "path",
    "cidr",
    "bridge",
    "__proto__",
    "x",
    "existing",
    "hosts",
    "dhcp",
    "gateway",
    "interfaces",
    "trunk",
    "hub",
    "flooding",
    "group",
    "subnet6",
    "address6",
  );
  const entry = fc.oneof(fc.dictionary(keys, leaf), leaf);
  const names = fc.oneof(fc.constantFrom("kvm1", "red", "c1", "constructor", "__proto__"), fc.string());
  const section = fc.oneof(fc.dictionary(names, entry), entry);
  const anything = fc.record({
    underlay: section,
    underlays: fc.oneof(section, fc.constant(undefined)),
    image: section,
    hosts: section,
    segments: section,
    containers: section,
  });

  it("is either planned or refused with problems, never with another error", () => {
    fc.assert(
      fc.property(anything, (raw) => {
        const problems = labProblems(raw, lab);
        if (problems.length === 0) planLab(raw, { lab });
        else expect(new TopologyError(problems).message).toContain("nothing was changed");
        const sentences = problems.flatMap(({ message, cure }) => [message, cure]);
        expect(sentences.filter((text) => !text.endsWith("."))).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});
