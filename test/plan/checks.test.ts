import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import { readRate } from "../../components/connectivity/rate";
import type { CheckPlan } from "../../plan/types";
import { referenceWith } from "./reference";

const three = {
  hosts: { kvm3: { address: "192.168.10.3" } },
  segments: {
    red: { subnet6: "fd00:3::/64", dhcp: { host: "kvm1" } },
    blue: { vni: 200, subnet: "10.0.4.0/24", vlan: 20 },
  },
  containers: {
    c1: { segment: "red" },
    c2: { segment: "red" },
    c3: { host: "kvm3", segment: "red", address: "10.0.3.12/24" },
    b2: { host: "kvm2", segment: "blue", address: "10.0.4.2/24" },
  },
};

function planned(check: object, fragment: object = {}): CheckPlan {
  const topology = referenceWith({ ...three, checks: { one: { from: "c1", to: "c2", ...check } } });
  const [plan] = planLab(merge(topology, fragment), { lab: "vxlab/dev" }).checks;
  return plan ?? expect.unreachable();
}

/** Two levels deep are enough here. */
function merge(topology: object, fragment: object): object {
  const over = Object.entries(fragment).map(([section, names]) => {
    const base = (topology as Record<string, Record<string, object>>)[section] ?? {};
    const laid = Object.entries(names as Record<string, object>).map(([name, one]) => [
      name,
      { ...base[name], ...one },
    ]);
    return [section, { ...base, ...(Object.fromEntries(laid) as object) }];
  });
  return { ...topology, ...(Object.fromEntries(over) as object) };
}

describe("a check", () => {
  it("asks by the segment that both are in, IPv4 first, with every default", () => {
    const { crosses, ...check } = planned({});
    expect(check).toEqual({
      ...{ name: "one", host: "kvm1", from: "c1", to: "10.0.3.11", target: "c2" },
      ...{ kind: "ping", reach: true, within: 30 },
    });
    expect(crosses).toMatchObject({ hosts: ["kvm1", "kvm2"], containers: ["c1", "c2"] });
  });

  it.each([
    [{ to: "fd00:3::b" }, { to: "fd00:3::b" }],
    [{ to: "b2" }, { to: "10.0.4.2", target: "b2" }],
    [{ kind: "http" }, { port: 80, path: "/" }],
    [
      { kind: "http", port: 8080, path: "/health?a=1" },
      { port: 8080, path: "/health?a=1" },
    ],
    [
      { kind: "tcp", port: 22, reach: false, within: 5 },
      { port: 22, reach: false, within: 5 },
    ],
    [{ kind: "throughput", atLeast: "1.5mbit" }, { atLeast: "1.5mbit" }],
  ])("%j", (written, decided) => expect(planned(written)).toMatchObject(decided));

  it("has no target where only an address is written", () => {
    expect(planned({ to: "10.0.3.11" })).not.toHaveProperty("target");
  });
});

describe("what a check crosses", () => {
  const digest = (check: object, fragment: object = {}) => planned(check, fragment).crosses.digest;

  it.each([
    ["a VNI", { segments: { red: { vni: 101 } } }],
    ["a UDP port", { segments: { red: { udpPort: 5000 } } }],
    ["a way to flood", { segments: { red: { flooding: "flow" } } }],
    ["a hub", { segments: { red: { hub: "kvm3" } } }],
    ["a host's address", { hosts: { kvm2: { address: "192.168.10.9" } } }],
    ["a host's guard", { hosts: { kvm1: { guard: false } } }],
    ["the segment's gateway", { segments: { red: { gateway: { host: "kvm1" } } } }],
  ])("changes with %s on its way", (_, fragment) => {
    expect(digest({}, fragment)).not.toBe(digest({}));
  });

  it.each([
    ["another segment", { segments: { blue: { vni: 201 } } }],
    ["another host's address", { hosts: { kvm3: { address: "192.168.10.4" } } }],
    ["a host that joins", { hosts: { kvm4: { address: "192.168.10.4" } } }],
    ["another container", { containers: { c3: { address: "10.0.3.13/24" } } }],
  ])("does not change with %s", (_, fragment) => {
    expect(digest({}, fragment)).toBe(digest({}));
  });

  const SIDES = [{ chain: "in" }, { chain: "out" }];
  const boxed = {
    containers: { fw: { host: "kvm3", interfaces: SIDES }, spare: { host: "kvm3", interfaces: SIDES } },
  };
  const led = { ...boxed, chains: { x: { from: "c1", to: "c2", through: ["fw"] } } };

  it.each([
    [
      "an impairment between the hosts",
      {},
      { impairments: { x: { between: ["kvm1", "kvm2"], loss: "100%" } } },
    ],
    [
      "one of the segment",
      {},
      { impairments: { x: { between: ["kvm1", "kvm2"], segment: "red", delay: "1s" } } },
    ],
    ["one of a container", {}, { impairments: { x: { container: "c2", direction: "in", loss: "50%" } } }],
    ["a chain", boxed, led],
    ["a box of a chain", led, { ...led, chains: { x: { from: "c1", to: "c2", through: ["fw", "spare"] } } }],
    [
      "what becomes of it when a box stops",
      led,
      { ...led, chains: { x: { ...led.chains.x, failure: "open" } } },
    ],
  ])("changes with %s", (_, before, after) => expect(digest({}, after)).not.toBe(digest({}, before)));

  it.each([
    ["an impairment of other hosts", {}, { impairments: { x: { between: ["kvm1", "kvm3"], loss: "100%" } } }],
    ["one of another segment", {}, { impairments: { x: { container: "b2", segment: "blue", delay: "1s" } } }],
    ["one of another container", {}, { impairments: { x: { container: "c3", loss: "50%" } } }],
    ["a chain of other ends", boxed, { ...boxed, chains: { x: { from: "c1", to: "c3", through: ["fw"] } } }],
  ])("does not change with %s", (_, before, after) => expect(digest({}, after)).toBe(digest({}, before)));

  it("is the middle boxes and their hosts as well, where a chain leads", () => {
    expect(planned({}, led).crosses).toMatchObject({
      hosts: ["kvm1", "kvm2", "kvm3"],
      containers: ["c1", "c2", "fw"],
    });
    expect(planned({ from: "c2", to: "10.0.3.10" }, led).crosses.containers).toContain("fw");
    expect(planned({ to: "c3" }, led).crosses.containers).not.toContain("fw");
  });

  it("is the hub as well, where there are no tunnels between the ends", () => {
    expect(planned({}, { segments: { red: { hub: "kvm3" } } }).crosses.hosts).toEqual([
      "kvm1",
      "kvm2",
      "kvm3",
    ]);
  });

  it.each([
    ["another segment", { to: "b2" }],
    ["an address outside", { to: "198.51.100.1" }],
  ])("is everything towards %s", (_, check) => {
    expect(planned(check).crosses.hosts).toEqual(["kvm1", "kvm2", "kvm3"]);
    expect(digest(check, { segments: { blue: { vni: 201 } } })).not.toBe(digest(check));
  });

  it("is every host of the segment for an address that nobody is known to have", () => {
    expect(planned({ to: "10.0.3.99" }).crosses.hosts).toEqual(["kvm1", "kvm2", "kvm3"]);
    expect(planned({ to: "10.0.3.12" }).crosses.hosts).toEqual(["kvm1", "kvm3"]);
  });
});

describe("a rate", () => {
  it.each([
    ["5mbit", 5e6],
    ["1.5mbit", 15e5],
    ["64kbit", 64e3],
    ["1gbit", 1e9],
    ["5", undefined],
    ["5mbps", undefined],
    ["-5mbit", undefined],
    ["0kbit", undefined],
    [5, undefined],
  ])("%j is %s", (text, rate) => expect(readRate(text)).toBe(rate));
});
