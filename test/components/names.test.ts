/** Names of resources: as plan/resource-names.ts counts them, and apart for every lab that is accepted. */
import { describe, expect, it } from "vitest";
import { labProblems } from "../plan/problems";
import { resolve } from "../../plan/resolve";
import { resourceNames } from "../../plan/resource-names";
import { Accel } from "../../plan/types";
import type { Topology } from "../../plan/types";
import { referenceWith } from "../plan/reference";
import { deploy } from "./world";
import type { Registered } from "./world";

const image = { version: "abc123", root: "/i/root.qcow2", kernel: "/i/kernel", initrd: "/i/initrd" };

/** Hosts, segments and containers that are named as parts of each other's resources. */
const crowded = {
  hosts: {
    image: { address: "192.168.10.5", bridge: "a-lan" },
    underlay: { address: "192.168.10.6" },
    id: { address: "192.168.10.7" },
    secret: { address: "192.168.10.8" },
    "kvm1-root": { address: "192.168.10.9" },
  },
  segments: {
    lan: { vni: 200, subnet: "10.8.0.0/24", vlan: 20, gateway: { host: "image" } },
    "lan-service": { vni: 300, subnet: "10.9.0.0/24", vlan: 30, hosts: ["image"], dhcp: { host: "image" } },
  },
  containers: {
    c1: { segment: "red" },
    c2: { segment: "red" },
    "kvm1-red": { host: "kvm1", segment: "red" },
    "kvm1-domain": { host: "kvm1", segment: "red" },
    image: { host: "image", segment: "lan" },
    libvirt: { host: "kvm1", segment: "lan", kind: "docker", image: "debian:12" },
  },
  image: { kind: "docker" },
  impairments: {
    lan: { between: ["kvm1", "kvm2"], loss: "1%" },
    "kvm1-red": { container: "c1", loss: "1%" },
  },
};

async function declared(topology: Topology): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  return deploy(
    () => new VxlanLab("lab", { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" }),
  );
}

describe("names of resources", () => {
  it("are those that the plan looks at, and no two are one", async () => {
    const topology = referenceWith(crowded);
    expect(labProblems(topology, "lab")).toEqual([]);
    const all = await declared(topology);
    const components = all.filter(({ type }) => type.startsWith("vxlab:"));
    const named = components.map(({ type, name }) => `${type} ${name}`);
    expect(named.filter((one, index) => named.indexOf(one) < index)).toEqual([]);
    // What is below a component has its name and a word that is its type's alone.
    const hooks = all.flatMap((one) => Object.values(one.hooks).flat());
    expect(hooks.filter((one, index) => hooks.indexOf(one) < index)).toEqual([]);
    const composed = all.flatMap(({ type, name }) => {
      const [, own] = /^vxlab:index:(OvsBridge|VxlanPort|SegmentService|Impairment)$/.exec(type) ?? [];
      return own === undefined ? [] : [`${own} ${name}`];
    });
    expect(composed.sort()).toEqual(
      resourceNames(resolve(topology, { lab: "lab" }).lab)
        .map(({ type, name }) => `${type} lab-${name}`)
        .sort(),
    );
  });

  it("that are of one setting have a word that is theirs alone", async () => {
    const topology = referenceWith(crowded);
    const settings = new Set([
      ...Object.keys(topology.hosts),
      ...Object.keys(topology.containers),
      ...["underlay", "image", "id", "secret", "libvirt"],
    ]);
    const tops = (await declared(topology)).filter(({ parent }) => parent === "lab");
    const others = tops.filter(({ type }) => !/:(OvsBridge|VxlanPort|SegmentService|Impairment)$/.test(type));
    expect(others.map(({ name }) => name.replace("lab-", "")).filter((name) => !settings.has(name))).toEqual(
      [],
    );
  });
});
