/** VTEPs that no stack has: `segments.<name>.remotes`. */
import { describe, expect, it } from "vitest";
import { planLab } from "../../plan/plan";
import { referenceWith } from "./reference";
import { labHints } from "./problems";

const FAR = "192.168.10.77";
const planned = (red: object, more: object = {}) =>
  planLab(referenceWith({ segments: { red: { remotes: [FAR], ...red } }, ...more }), { lab: "vxlab/dev" });
const remotesOf = (plan: ReturnType<typeof planned>) =>
  Object.fromEntries(
    plan.hosts.map(({ name, ports }) => [name, ports[0]?.remotes.map((one) => one.address)]),
  );

describe("a remote VTEP", () => {
  it("is a remote of every host of its segment, and of no other segment", () => {
    const blue = {
      segments: { red: { remotes: [FAR] }, blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 2 } },
    };
    const plan = planned({}, { ...blue, containers: { c1: { segment: "red" }, c2: { segment: "red" } } });
    expect(remotesOf(plan)).toEqual({ kvm1: ["192.168.10.222", FAR], kvm2: ["192.168.10.156", FAR] });
    expect(plan.hosts[0]?.ports[1]?.remotes).toEqual([{ host: "kvm2", address: "192.168.10.222" }]);
    expect(plan.hosts[0]?.ports[0]?.remotes[1]?.host).toBe(`outside/${FAR}`);
  });

  it("is the hub's alone with a hub, which passes its frames on", () => {
    const plan = planned({ hub: "kvm1" });
    expect(remotesOf(plan)).toEqual({ kvm1: ["192.168.10.222", FAR], kvm2: ["192.168.10.156"] });
    expect(plan.hosts[0]?.ports[0]?.protected).toBe(false);
  });

  it("can be in any number of segments, over GENEVE too", () => {
    expect(remotesOf(planned({ encapsulation: "geneve" }))["kvm2"]).toContain(FAR);
    const blue = { segments: { blue: { vni: 200, subnet: "10.7.0.0/24", vlan: 2, remotes: [FAR] } } };
    const plan = planned({}, { ...blue, containers: { c1: { segment: "red" }, c2: { segment: "red" } } });
    expect(plan.hosts.map(({ ports }) => ports.length)).toEqual([2, 2]);
  });

  it("is closed to a gateway's NAT where it is outside of the underlay", () => {
    const [service] = planned({ remotes: ["198.51.100.7"], gateway: { host: "kvm1" } }).services;
    expect(service?.closed).toContain("198.51.100.7");
  });

  it("makes tunnels of a lab of one host: no hint", () => {
    const one = { hosts: { kvm2: undefined }, containers: { c2: undefined } };
    expect(labHints(referenceWith(one)).map(({ message }) => message)).toEqual([
      "Is the only host, so no segment has a tunnel.",
    ]);
    expect(labHints(referenceWith({ ...one, segments: { red: { remotes: [FAR] } } }))).toEqual([]);
  });
});
