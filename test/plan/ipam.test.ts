/** Computed addresses: what must hold of them in every lab. */
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { contains, overlap, prefixed } from "../../plan/addresses";
import { labProblems } from "./problems";
import { referenceWith } from "./reference";
import { placesOf } from "../../components/container/resolve-nics";
import { planLab } from "../../plan/plan";
import { resolve } from "../../plan/resolve";
import { readInterface, readSubnet } from "../../plan/read-address";
import type { ContainerSpec, InterfacePlan, SegmentSpec, Topology } from "../../plan/types";

vi.setConfig({ testTimeout: 60_000 });

const lab = "vxlab/dev";
const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,14}$/);
const entries = Object.fromEntries as <T>(list: [string, T][]) => Record<string, T>;

/** Segment i is 10.i.0.0/16 and fd00:i::/64; each container has an interface in one or two of them, or a trunk. */
const topologies: fc.Arbitrary<Topology> = fc
  .record({
    segments: fc.uniqueArray(label, { minLength: 2, maxLength: 4 }),
    containers: fc.uniqueArray(label, { minLength: 2, maxLength: 20 }),
    places: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
    services: fc.array(fc.nat(3), { minLength: 4, maxLength: 4 }),
    six: fc.boolean(),
  })
  .map(({ segments, containers, places, services, six }) => ({
    underlay: { cidr: six ? "fd00:ffff::/64" : "172.16.0.0/16" },
    image: {},
    hosts: entries(
      ["a", "b"].map((name, i) => [name, { address: `${six ? "fd00:ffff::" : "172.16.0."}${i + 2}` }]),
    ),
    segments: entries(
      segments.map((name, i): [string, SegmentSpec] => [
        name,
        {
          ...{ vni: i + 1, vlan: i + 1, subnet: `10.${i}.0.0/16`, subnet6: `fd00:${i}::/64` },
          ...((services[i] ?? 0) & 1 ? { dhcp: { host: "a" } } : {}),
          // On a machine with IPv6 alone a gateway is refused.
          ...(!six && (services[i] ?? 0) & 2 ? { gateway: { host: "a" } } : {}),
        },
      ]),
    ),
    containers: entries(
      containers.map((name, i): [string, ContainerSpec] => [
        name,
        { host: "a", ...nicsAt(places[i] ?? 0, segments) },
      ]),
    ),
  }));

function nicsAt(place: number, segments: readonly string[]): Partial<ContainerSpec> {
  const [one, other] = [place, place + 1].map((number) => segments[number % segments.length] ?? "");
  if (place % 3 === 0) return { segment: one };
  return place % 3 === 1
    ? { interfaces: [{ segment: one }, { segment: other }] }
    : { trunk: [one ?? "", other ?? ""] };
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return entries(Object.entries(record).filter(([key]) => key !== name));
}

function assignments(topology: Topology) {
  return resolve(topology, { lab }).lab.containers.flatMap(({ name, nics }) =>
    nics
      .flatMap(placesOf)
      .flatMap(({ segment, addresses }) =>
        addresses.map((one) => ({ ...one, key: `${name} ${segment.name}` })),
      ),
  );
}

/** Addresses by container and segment. */
function addressBook(topology: Topology): Map<string, string[]> {
  const book = new Map<string, string[]>();
  for (const { key, address, subnet } of assignments(topology))
    book.set(key, [...(book.get(key) ?? []), prefixed(address, subnet)]);
  return book;
}

/** Addresses may meet by chance, and are then refused, which is not what a property is about. */
function planned(topology: Topology) {
  const problems = labProblems(topology, lab);
  fc.pre(
    !problems.some(({ message }) =>
      /^(This MAC|The interface name|The address computed|Its resource on)/.test(message),
    ),
  );
  return planLab(topology, { lab });
}

describe("computed addresses", () => {
  it("of all others stay when a container comes or goes", () => {
    fc.assert(
      fc.property(topologies, fc.nat(), (larger, which) => {
        const names = Object.keys(larger.containers);
        const added = names[which % names.length] ?? "";
        const before = addressBook({ ...larger, containers: without(larger.containers, added) });
        const after = addressBook(larger);
        expect([...after].filter(([key]) => !key.startsWith(`${added} `))).toEqual([...before]);
      }),
    );
  });

  it("stay when another segment comes or goes, and wherever the container runs", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const more = { ...topology.segments, "one-more": { vni: 99, vlan: 99, subnet: "10.99.0.0/16" } };
        const containers = entries(
          Object.entries(topology.containers).map(([name, spec]) => [name, { ...spec, host: "b" }]),
        );
        expect(addressBook({ ...topology, segments: more, containers })).toEqual(addressBook(topology));
      }),
    );
  });

  it("are inside their subnets, and neither a gateway's nor lent", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        for (const { address, subnet } of assignments(topology)) {
          expect(address >= subnet.first + 2n && address < subnet.last).toBe(true);
        }
        const plan = planned(topology);
        const lent = plan.services.flatMap(({ dhcp }) => (dhcp === undefined ? [] : [dhcp.first, dhcp.last]));
        const own = assignments(topology).map(({ address }) => address);
        for (let i = 0; i < lent.length; i += 2) {
          const [first = 0n, last = 0n] = lent
            .slice(i, i + 2)
            .map((text) => readInterface(`${text}/16`).value?.address);
          expect(own.filter((address) => contains({ first, last }, address))).toEqual([]);
        }
      }),
    );
  });

  it("are distinct in a plan, one of each family for each place", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const { containers, services } = planned(topology);
        const nics = containers.flatMap(({ interfaces }) => interfaces);
        const placesOf = (nic: InterfacePlan): { addresses: string[] }[] =>
          nic.trunk.length > 0 ? nic.trunk : [nic];
        const places = nics.flatMap(placesOf);
        for (const { addresses } of places) {
          expect(addresses.map((address) => address.includes(":"))).toEqual([false, true]);
        }
        const all = [...places, ...services].flatMap(({ addresses }) => addresses);
        expect(new Set(all).size).toBe(all.length);
      }),
    );
  });

  it("leave the underlay's overhead: 50 bytes over IPv4, 70 over IPv6", () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const plan = planned(topology);
        const mtus = plan.containers.flatMap(({ interfaces }) => interfaces.map(({ mtu }) => mtu));
        expect(new Set(mtus)).toEqual(new Set([plan.family === 6 ? 1430 : 1450]));
      }),
    );
  });
});

describe("subnets", () => {
  const subnet = fc.oneof(
    fc.tuple(fc.ipV4(), fc.integer({ min: 8, max: 30 })),
    fc.tuple(fc.ipV6(), fc.integer({ min: 32, max: 120 })),
  );
  const around = ([address, prefix]: readonly [string, number]) =>
    readInterface(`${address}/${prefix}`).value?.subnet;

  it("hold their own ends, and overlap when one holds the other's", () => {
    fc.assert(
      fc.property(subnet, subnet, (one, other) => {
        const [a, b] = [around(one), around(other)];
        fc.pre(a !== undefined && b !== undefined);
        expect(contains(a, a.first) && contains(a, a.last)).toBe(true);
        expect(overlap(a, b)).toBe(contains(a, b.first) || contains(b, a.first));
        expect(readSubnet(a.cidr).value).toEqual(a);
      }),
    );
  });
});

it("a segment without an IPv4 subnet has IPv6 addresses alone, the same as beside IPv4", () => {
  const { containers } = planLab(
    referenceWith({
      segments: { red: { subnet: undefined, subnet6: "fd00:3::/64" } },
      containers: { web: { host: "kvm1" }, c1: { address: undefined }, c2: { address: "none" } },
    }),
    { lab },
  );
  const found = Object.fromEntries(
    containers.map(({ name, interfaces }) => [name, interfaces[0]?.addresses]),
  );
  // Pinned for the segment with both, too (fabric.test.ts).
  expect(found["web"]).toEqual(["fd00:3::2a64:8e07:d389:faa9/64"]);
  for (const name of ["c1", "c2"]) expect(found[name]).toEqual([expect.stringMatching(/^fd00:3::.*\/64$/)]);
});
