/** What is planned of impairments: where packets are impaired, which packets, and how long a queue may be. */
import { describe, expect, it } from "vitest";
import { queueLimit, readEffects } from "../../components/impairment/effects";
import { planLab } from "../../plan/plan";
import type { ImpairmentPlan } from "../../plan/types";
import { referenceWith } from "./reference";

function planned(impairments: object, more: object = {}): ImpairmentPlan[] {
  return planLab(referenceWith({ ...more, impairments }), { lab: "vxlab/dev" }).impairments;
}

const NODE = { address: "192.168.10.222", udpPort: 4789 };

describe("between hosts", () => {
  it("is on both, each towards the other", () => {
    expect(planned({ slow: { between: ["kvm1", "kvm2"], delay: "50ms", loss: "1%" } })).toEqual([
      {
        ...{ name: "slow", where: "kvm1 ↔ kvm2", delay: "50ms", loss: "1%" },
        places: [
          {
            ...{ host: "kvm1", device: "i-slow", direction: "out" },
            ...{ remote: { host: "kvm2", address: "192.168.10.222" }, packets: [NODE] },
          },
          {
            ...{ host: "kvm2", device: "i-slow", direction: "in" },
            ...{
              remote: { host: "kvm1", address: "192.168.10.156" },
              packets: [{ address: "192.168.10.156", udpPort: 4789 }],
            },
          },
        ],
      },
    ]);
  });

  it("is on the host that sends when it is one way", () => {
    const [out] = planned({ slow: { between: ["kvm1", "kvm2"], direction: "out", loss: "1%" } });
    const [back] = planned({ slow: { between: ["kvm1", "kvm2"], direction: "in", loss: "1%" } });
    expect([out?.where, out?.places.map(({ host }) => host)]).toEqual(["kvm1 → kvm2", ["kvm1"]]);
    expect([back?.where, back?.places.map(({ host }) => host)]).toEqual(["kvm2 → kvm1", ["kvm2"]]);
  });

  it("matches the VNI of one segment, and the UDP port of each where there are several", () => {
    const more = {
      segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20, encapsulation: "geneve" } },
      containers: { c1: { segment: "red" }, c2: { segment: "red" } },
    };
    const [all] = planned({ slow: { between: ["kvm1", "kvm2"], direction: "out", loss: "1%" } }, more);
    expect(all?.places[0]?.packets).toEqual([{ ...NODE, udpPort: 6081 }, NODE]);
    const one = { between: ["kvm1", "kvm2"], direction: "out", segment: "blue", loss: "1%" };
    expect(planned({ slow: one }, more)[0]?.places[0]?.packets).toEqual([
      { ...NODE, udpPort: 6081, vni: 200 },
    ]);
  });

  it("matches the group of a multicast segment of two hosts as well", () => {
    const more = { segments: { red: { flooding: "multicast" } } };
    const [one] = planned({ slow: { between: ["kvm1", "kvm2"], direction: "out", loss: "1%" } }, more);
    expect(one?.places[0]?.packets).toEqual([
      { ...NODE, udpPort: 4790 },
      { address: "239.0.0.100", udpPort: 4790 },
    ]);
  });
});

describe("between a host and a remote VTEP", () => {
  const between = ["kvm1", "192.168.10.77"];
  const remote = (red: object = {}) => ({ segments: { red: { remotes: ["192.168.10.77"], ...red } } });

  it("is on the host that sends there", () => {
    const [one] = planned({ slow: { between, direction: "out", loss: "1%" } }, remote());
    expect([one?.where, one?.places]).toEqual([
      "kvm1 → 192.168.10.77",
      [
        {
          ...{ host: "kvm1", device: "i-slow", direction: "out" },
          remote: { host: "192.168.10.77", address: "192.168.10.77" },
          packets: [{ address: "192.168.10.77", udpPort: 4789 }],
        },
      ],
    ]);
    const spec = { between: [...between].reverse(), direction: "in", loss: "1%" };
    expect(planned({ slow: spec }, remote())[0]?.places.map(({ host }) => host)).toEqual(["kvm1"]);
  });

  it("matches the tunnel packets alone, over IPv6 as over IPv4: what is in them does not matter", () => {
    const more = {
      underlay: { cidr: "fd00:10::/64" },
      hosts: { kvm1: { address: "fd00:10::156" }, kvm2: { address: "fd00:10::222" } },
      segments: { red: { subnet6: "fd00:3::/64", remotes: ["fd00:10::77"] } },
    };
    const spec = { between: ["kvm1", "fd00:10::77"], direction: "out", segment: "red", loss: "1%" };
    expect(planned({ slow: spec }, more)[0]?.places[0]?.packets).toEqual([
      { address: "fd00:10::77", udpPort: 4789, vni: 100 },
    ]);
  });
});

describe("of a container", () => {
  const trunk = {
    segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 20 } },
    containers: {
      c1: { address: undefined, interfaces: [{ segment: "red" }, { trunk: ["blue"] }] },
      c2: { segment: "red" },
    },
  };
  const placesOf = (spec: object) =>
    planned({ far: { container: "c1", loss: "1%", ...spec } }, trunk)[0]?.places.map(
      ({ device, direction, port }) => `${device} ${direction} ${port?.veth} ${port?.vlan ?? "-"}`,
    );

  it("is on every interface, both ways, under names that stay when other places come and go", () => {
    expect(placesOf({})).toEqual([
      "i-far out v-c1 -",
      "i-far_1 in v-c1 -",
      "i-far_2 out v-c1_1 -",
      "i-far_3 in v-c1_1 -",
    ]);
    expect(placesOf({ interface: "eth1", direction: "in" })).toEqual(["i-far_3 in v-c1_1 -"]);
  });

  it("is one VLAN of a trunk, or the interface in a segment", () => {
    expect(placesOf({ segment: "blue", direction: "out" })).toEqual(["i-far_2 out v-c1_1 20"]);
    expect(placesOf({ segment: "red", direction: "out" })).toEqual(["i-far out v-c1 -"]);
  });
});

it("a lab without impairments has none in its plan", () => {
  expect(planLab(referenceWith({}), { lab: "vxlab/dev" }).impairments).toEqual([]);
});

describe("values", () => {
  it.each([
    [{ delay: "50ms" }, { delay: 50_000 }],
    [
      { delay: "1.5 s", jitter: "250us" },
      { delay: 1_500_000, jitter: 250 },
    ],
    [{ delay: "250µs" }, { delay: 250 }],
    [{ loss: "1%" }, { loss: 10_000 }],
    [
      { loss: "33.3333%", duplicate: "100 %" },
      { loss: 333_333, duplicate: 1_000_000 },
    ],
    [{ rate: "10mbit" }, { rate: 10_000_000 }],
    [{ rate: "1.5Gbit/s" }, { rate: 1_500_000_000 }],
  ])("%j", (effects, wanted) => {
    const { netem, problems } = readEffects(effects, (key) => key);
    expect([netem, problems]).toMatchObject([wanted, []]);
  });

  it("a queue holds what is under way at 10 Gbit/s, or at its rate with a fifth of a second more", () => {
    const limit = (delay: number, rate = 0) => queueLimit({ delay, jitter: 0, rate });
    expect([limit(0), limit(50_000)]).toEqual([1000, 41_667]);
    expect([limit(0, 1_000_000), limit(50_000, 10_000_000)]).toEqual([32, 209]);
  });
});
