/** What several segments may share: a subnet, a VLAN, "untagged"; and where that is refused. */
import { describe, expect, it } from "vitest";
import { labProblems } from "./problems";
import { planLab } from "../../plan/plan";
import { referenceWith } from "./reference";
import { tellsOf } from "./rows";
import type { Row } from "./rows";

const kvm1 = (fragment: object) => ({ hosts: { kvm1: fragment } });
const segment = { vni: 200, subnet: "10.0.3.0/25", vlan: 20 };
/** A tagged segment whose subnet is inside the reference lab's. */
const twins = (red: object = {}, blue: object = {}) => ({
  segments: { red, blue: { ...segment, ...blue } },
  containers: { c1: { segment: "red" }, c2: { segment: "red" } },
});

const rows: Record<string, Row[]> = {
  "one subnet where two of its networks meet": [
    [
      twins({ gateway: { host: "kvm1" } }, { dhcp: { host: "kvm1" } }),
      "segments.red.gateway",
      "kvm1 would have two overlapping networks: 10.0.3.0/24 (segments.red.gateway) and 10.0.3.0/25 (segments.blue.dhcp)",
      "Write another host for one of the two, or subnets that do not overlap",
    ],
    [
      {
        ...twins(),
        containers: {
          c1: { address: undefined, interfaces: [{ segment: "red" }, { segment: "blue" }] },
          c2: { segment: "red" },
        },
      },
      "containers.c1.interfaces[1].segment",
      "Segment blue has 10.0.3.0/25, which overlaps 10.0.3.0/24 of segment red, where this container is too",
      "Write subnets that do not overlap, or address: none",
    ],
    [
      {
        ...twins({ dhcp: { host: "kvm1" } }),
        containers: {
          c1: { address: undefined, interfaces: [{ segment: "red", address: "dhcp" }, { trunk: ["blue"] }] },
          c2: { segment: "red" },
        },
      },
      "containers.c1.interfaces[1].trunk[0]",
      "which overlaps 10.0.3.0/24 of segment red",
      "address: none",
    ],
    [
      {
        segments: {
          blue: { ...segment, subnet6: "fd00:3::/64", subnet: "10.7.0.0/24" },
          red: { subnet6: "fd00:3::/64" },
        },
        containers: {
          c1: { address: undefined, interfaces: [{ segment: "red" }, { segment: "blue" }] },
          c2: { segment: "red" },
        },
      },
      "containers.c1.interfaces[1].segment",
      "Segment blue has fd00:3::/64, which overlaps fd00:3::/64 of segment red",
      "do not overlap",
    ],
  ],
};

tellsOf(rows);

describe("segments that share what nobody has twice", () => {
  const apart = (red: object, blue: object, more: object = {}) => ({
    segments: { red: { hosts: ["kvm1"], ...red }, blue: { ...segment, hosts: ["kvm2"], ...blue } },
    containers: { c1: { segment: "red" }, c2: { segment: "blue", address: undefined } },
    ...more,
  });
  const box = (name: string, address?: string) => ({
    host: "kvm1",
    segment: name,
    ...(address && { address }),
  });

  it.each<[string, object]>([
    ["one subnet in two VNIs on the same hosts", twins({}, { subnet: "10.0.3.0/24" })],
    [
      "and one address in both",
      {
        ...twins({}, { subnet: "10.0.3.0/24" }),
        containers: { c1: { segment: "red" }, c2: { segment: "red" }, c3: box("blue", "10.0.3.10/24") },
      },
    ],
    ["a subnet inside another", twins()],
    ["and an IPv6 subnet", twins({ subnet6: "fd00:3::/64" }, { subnet6: "fd00:3::/64" })],
    [
      "gateways of one address on two hosts",
      twins({ gateway: { host: "kvm1" } }, { gateway: { host: "kvm2" } }),
    ],
    ["a gateway here, a DHCP server there", twins({ gateway: { host: "kvm1" } }, { dhcp: { host: "kvm2" } })],
    [
      "a bridge in the untagged one of two",
      { ...twins({}, { subnet: "10.0.3.0/24" }), ...kvm1({ bridgeAddress: "10.0.3.9/24" }) },
    ],
    [
      "a container in both, without an address in one",
      {
        ...twins(),
        containers: {
          c1: { address: undefined, interfaces: [{ segment: "red" }, { segment: "blue", address: "none" }] },
          c2: { segment: "red" },
        },
      },
    ],
    ["one VLAN on different hosts", apart({ vlan: 20 }, {})],
    ["untagged on different hosts", apart({}, { vlan: undefined })],
    [
      "and one bridge address, which is not on one Ethernet",
      apart(
        {},
        { vlan: undefined },
        {
          hosts: {
            kvm1: { bridgeAddress: "10.1.2.10/24" },
            kvm2: { bridgeAddress: "10.1.2.10/24" },
          },
        },
      ),
    ],
    [
      "and bridges whose networks overlap",
      apart(
        {},
        { vlan: undefined },
        {
          hosts: {
            kvm1: { bridgeAddress: "10.1.2.10/16" },
            kvm2: { bridgeAddress: "10.1.2.11/24" },
          },
        },
      ),
    ],
    [
      "a bridge's network in a segment of other hosts",
      apart({}, { subnet: "10.1.2.0/24" }, { hosts: { kvm2: { bridgeAddress: undefined } } }),
    ],
  ])("%s: accepted", (_, fragment) => {
    expect(labProblems(referenceWith(fragment), "vxlab/dev")).toEqual([]);
  });

  it("lend and compute addresses each for itself", () => {
    const lent = { dhcp: { host: "kvm1", first: "10.0.3.9", last: "10.0.3.99" } };
    const written = { c1: { segment: "blue" }, c2: { segment: "blue" } };
    expect(
      labProblems(referenceWith({ ...twins(lent, { subnet: "10.0.3.0/24" }), containers: written })),
    ).toEqual([]);
    // c1's own address is the one that is computed for web in red: in blue it is nobody's.
    const web = { host: "kvm1", segment: "red" };
    const c1 = { segment: "blue", address: "10.0.3.52/25" };
    expect(
      labProblems(referenceWith({ ...twins(), containers: { c1, c2: { segment: "red" }, web } })),
    ).toEqual([]);
    const met = labProblems(
      referenceWith({
        ...twins(),
        containers: { c1: { ...c1, address: "10.0.3.52/24", segment: "red" }, c2: { segment: "red" }, web },
      }),
    );
    expect(met).toMatchObject([{ path: "containers.web.address" }]);
  });

  it("leave each bridge to its own untagged segment", () => {
    const mtus = (fragment: object) =>
      planLab(referenceWith(fragment), { lab: "vxlab/dev" }).hosts.map(({ bridge }) => bridge.mtu);
    expect(mtus(apart({ mtu: 1400 }, { vlan: undefined, mtu: 1300 }))).toEqual([1400, 1300]);
    const three = { hosts: { kvm3: { address: "192.168.10.33" } } };
    expect(mtus(apart({ mtu: 1400 }, { vlan: undefined, mtu: 1300 }, three))).toEqual([1400, 1300, 1450]);
  });

  it("know no bridge of another untagged segment's hosts", () => {
    const bridges = {
      kvm1: { bridgeAddress: "10.1.2.10/24" },
      kvm2: { bridgeAddress: "10.1.2.11/24" },
      kvm3: { address: "192.168.10.33", bridgeAddress: "10.1.2.10/24" },
    };
    const plan = planLab(
      referenceWith({
        hosts: bridges,
        segments: {
          red: { flooding: "flow", hosts: ["kvm1", "kvm2"] },
          blue: { ...segment, vlan: undefined, flooding: "flow", hosts: ["kvm3"] },
        },
        containers: { c1: { segment: "red" }, c2: { segment: "red" } },
      }),
      { lab: "vxlab/dev" },
    );
    const known = plan.hosts.map(({ ports }) =>
      ports.flatMap(({ stations = [] }) => stations.flatMap((one) => one.addresses)).sort(),
    );
    expect(known).toEqual([["10.0.3.11", "10.1.2.11"], ["10.0.3.10", "10.1.2.10"], []]);
  });
});
