/** Checks in the graph: what each is asked, what it waits for, what makes it run again. */
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import type { Topology } from "../../plan/types";
import { Accel } from "../../plan/types";
import { referenceWith } from "../plan/reference";
import { deploy, type Registered } from "./world";

const image = {
  version: "abc123",
  root: "/i/root.qcow2",
  kernel: "/i/vmlinuz",
  initrd: "/i/initrd",
  cmdline: "root=/dev/vda",
};
const CHECKS = {
  web: { from: "c1", to: "c2", kind: "http", port: 8080 },
  fast: { from: "c2", to: "c1", kind: "throughput", atLeast: "5mbit" },
};

async function lab(fragment: object = {}): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  const topology = referenceWith({ checks: CHECKS, ...fragment }) as Partial<Topology>;
  return deploy(
    () => new VxlanLab("lab", { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" }),
  );
}

const named = (all: Registered[], name: string): Registered =>
  all.find((one) => one.name === name) ?? expect.unreachable(name);
const stateOf = (all: Registered[], check: string) =>
  (
    JSON.parse(String(named(all, `lab-check-${check}-step`).inputs["stdin"])) as {
      state: Record<string, unknown>;
    }
  ).state;

describe("checks of a lab", { timeout: 120_000 }, () => {
  it("are a component and a step each, on the host of the container that asks, which change and delete nothing", async () => {
    const all = await lab();
    expect(all.length - (await lab({ checks: undefined })).length).toBe(4);
    const { inputs } = named(all, "lab-check-web-step");
    expect(inputs).toMatchObject({
      create: "/usr/lib/vxlab/guest check",
      update: "/usr/lib/vxlab/guest check",
    });
    expect(inputs).not.toHaveProperty("delete");
    expect(named(all, "lab-check-web").inputs).toMatchObject({
      hostName: "kvm1",
      from: "c1",
      to: "10.0.3.11",
      target: "c2",
    });
    const { crosses, ...state } = stateOf(all, "web");
    expect(state).toEqual({
      ...{ name: "web", from: "c1", to: "10.0.3.11", target: "c2", kind: "http", port: 8080, path: "/" },
      ...{ atLeast: null, reach: true, within: 30 },
    });
    // The plan's digest, two machines, two containers' steps.
    expect(crosses).toHaveLength(5);
  });

  it.each([
    ["a container's command", { containers: { c2: { command: ["/bin/sleep", "1"] } } }],
    ["a container's address", { containers: { c1: { address: "10.0.3.20/24" } } }],
    ["a VNI", { segments: { red: { vni: 101 } } }],
  ])("run again with %s", async (_, fragment) => {
    expect(stateOf(await lab(fragment), "web")["crosses"]).not.toEqual(
      stateOf(await lab(), "web")["crosses"],
    );
  });

  it("do not run again with another container", async () => {
    const other = { containers: { c3: { host: "kvm1", address: "10.0.3.30/24" } } };
    expect(stateOf(await lab(other), "web")).toEqual(stateOf(await lab(), "web"));
  });

  it("are waited for by the output lab", async () => {
    const { VxlanLab } = await import("../../components");
    let waits: Promise<Set<pulumi.Resource>> | undefined;
    await deploy(() => {
      const topology = referenceWith({ checks: CHECKS }) as Partial<Topology>;
      const made = new VxlanLab("lab", {
        ...{ topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" },
      });
      expect(Object.keys(made.checks).sort()).toEqual(["fast", "web"]);
      waits = (made.lab as unknown as { allResources(): Promise<Set<pulumi.Resource>> }).allResources();
      return made;
    });
    const names = [...((await waits) ?? [])].map((one) => (one as unknown as { __name: string }).__name);
    expect(names).toEqual(expect.arrayContaining(["lab-check-web-step", "lab-check-fast-step"]));
  });
});
