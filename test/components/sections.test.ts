/** Sections of the topology in the graph: which containers come before them, and what waits for them. */
import { describe, expect, it } from "vitest";
import { Accel } from "../../plan/types";
import type { Topology } from "../../plan/types";
import { referenceWith } from "../plan/reference";
import { deploy, type Registered } from "./world";

const image = { version: "abc123", root: "/i/root.qcow2", kernel: "/i/vmlinuz", initrd: "/i/initrd" };
const TRANSPARENT = [{ chain: "in" }, { chain: "out" }];

async function lab(): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  const topology = referenceWith({
    containers: { m1: { host: "kvm1", interfaces: TRANSPARENT }, idle: { host: "kvm2", segment: "red" } },
    chains: { x: { from: "c1", through: ["m1"], to: "c2" } },
    impairments: { slow: { between: ["kvm1", "kvm2"], delay: "5ms" } },
    checks: { web: { from: "c1", to: "c2" } },
  }) as Partial<Topology>;
  return deploy(
    () => new VxlanLab("lab", { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" }),
  );
}

describe("sections of a lab", { timeout: 120_000 }, () => {
  it("are declared in their order, each with the containers that it needs before it", async () => {
    const all = await lab();
    const components = all.filter(({ type }) => type.startsWith("vxlab:")).map(({ name }) => name);
    const order = ["lab-kvm1-slow", "lab-kvm2-slow", "lab-m1", "lab-x-chain", "lab-c1", "lab-check-web"];
    expect(components.filter((name) => order.includes(name))).toEqual(order);
  });

  it("are waited for: a chain by the containers at its ends alone, and it waits for its middle boxes", async () => {
    const all = await lab();
    const step = (name: string) => {
      const found = all.find((one) => one.name === name) ?? expect.unreachable(name);
      return found.dependencies.filter((one) => /^lab-(x-chain|m1|c1|c2|idle|kvm1-slow)\b.*step/.test(one));
    };
    const chain = all.filter(({ name }) => /^lab-x-chain.*step/.test(name)).map(({ name }) => name);
    expect(chain.length).toBeGreaterThan(1);
    expect(chain.flatMap(step)).toContain("lab-m1-step");
    for (const end of ["c1", "c2"])
      expect(step(`lab-${end}-step`), end).toEqual(expect.arrayContaining(chain));
    expect([...step("lab-idle-step"), ...step("lab-m1-step")]).toEqual([]);
    expect(step("lab-check-web-step")).toEqual(
      expect.arrayContaining(["lab-c1-step", "lab-idle-step", "lab-kvm1-slow-step", ...chain]),
    );
  });
});
