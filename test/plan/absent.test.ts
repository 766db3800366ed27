import { describe, expect, it } from "vitest";
import { presentOf, presentOn } from "../../plan/absent";
import { TopologyError } from "../../plan/errors";
import { planLab } from "../../plan/plan";
import type { Topology } from "../../plan/types";
import { reference } from "./reference";

const three = (): Topology => ({
  ...reference(),
  hosts: { ...reference().hosts, kvm3: { address: "192.168.10.33" } },
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24", hub: "kvm3" },
    blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24", gateway: { host: "kvm3" }, dhcp: { host: "kvm3" } },
    green: {
      ...{ vni: 300, vlan: 30, subnet: "10.0.5.0/24", hosts: ["kvm2", "kvm3"] },
      gateways: [
        { host: "kvm2", address: "10.0.5.2" },
        { host: "kvm3", address: "10.0.5.3" },
      ],
    },
    gray: { vni: 400, vlan: 40, subnet: "10.0.6.0/24", hosts: ["kvm3"] },
  },
  impairments: {
    far: { between: ["kvm1", "kvm3"], delay: "50ms" },
    near: { between: ["kvm1", "kvm2"], delay: "50ms" },
    its: { container: "c3", loss: "1%" },
    gone: { container: "c1", segment: "gray", loss: "1%" },
  },
  containers: {
    c1: { host: "kvm1", segment: "red" },
    c2: { host: "kvm2", segment: "green" },
    c3: { host: "kvm3", segment: "gray" },
  },
});
const sections = () => three() as unknown as Record<string, unknown>;
const planned = (topology: unknown) => planLab(topology as Topology, { lab: "lab" });

describe("a lab that does without a host", () => {
  it("is planned as if nothing of it had been written", () => {
    const { sections: left, problems } = presentOf(sections(), ["kvm3"]);
    expect(problems).toEqual([]);
    expect(left["segments"]).toEqual({
      red: { vni: 100, subnet: "10.0.3.0/24" },
      blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24" },
      green: {
        ...{ vni: 300, vlan: 30, subnet: "10.0.5.0/24", hosts: ["kvm2"] },
        gateways: [{ host: "kvm2", address: "10.0.5.2" }],
      },
    });
    expect(Object.keys(left["impairments"] as object)).toEqual(["near"]);
    const plan = planned(left);
    expect(plan.hosts.map(({ name }) => name)).toEqual(["kvm1", "kvm2"]);
    expect(plan.containers.map(({ name }) => name)).toEqual(["c1", "c2"]);
    const remotes = plan.hosts.flatMap(({ ports }) => ports.flatMap((port) => port.remotes));
    expect(remotes.map(({ host }) => host)).not.toContain("kvm3");
  });

  it("keeps what the others have: MACs and computed addresses", () => {
    const of = (topology: unknown) =>
      planned({ ...(topology as object), impairments: {} })
        .containers.filter(({ name }) => name !== "c3")
        .map(({ interfaces }) => interfaces);
    expect(of(presentOf(sections(), ["kvm3"]).sections)).toEqual(of(three()));
  });

  it("is the whole lab when none is absent", () => {
    expect(presentOf(sections(), [])).toEqual({ sections: three(), problems: [] });
  });
});

describe("a wrong vxlab:absent", () => {
  it.each([
    ["kvm3", "absent", "Is not a list."],
    [{ kvm3: true }, "absent", "Is not a list."],
    [[3], "absent[0]", "Is not a name."],
    [["kvm3", "kvm4"], "absent[1]", "Is not a host of this lab."],
    [["kvm1", "kvm2", "kvm3"], "absent", "Leaves no host."],
  ])("%j is refused, and nothing is left out", (absent, path, message) => {
    const { sections: left, problems } = presentOf(sections(), absent);
    expect(problems).toEqual([
      expect.objectContaining({ path, message, cure: expect.any(String) as string }),
    ]);
    expect(left).toEqual(three());
  });

  it("of an overlay is refused by its underlay's hosts", () => {
    const hosts = { a1: 1, a2: 2 };
    const given = { hosts: {}, segments: {}, containers: { c: { host: "a2" }, d: { host: "a1" } } };
    expect(presentOn(hosts, given, ["a2"])).toEqual({
      hosts: { a1: 1 },
      sections: { hosts: {}, segments: {}, containers: { d: { host: "a1" } } },
    });
    expect(() => presentOn(hosts, given, ["b"])).toThrow(TopologyError);
  });
});
