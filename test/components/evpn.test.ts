/** What a host that joins changes of what a program registers: with EVPN nothing of another host, by unicast a port of each. */
import { describe, expect, it } from "vitest";
import type { Topology } from "../../plan/types";
import { Accel } from "../../plan/types";
import type { Registered } from "./world";
import { deploy } from "./world";

const image = {
  version: "abc123",
  root: "/i/root.qcow2",
  kernel: "/i/vmlinuz",
  initrd: "/i/initrd",
  cmdline: "",
};

async function lab(count: number, flooding: string): Promise<Registered[]> {
  const { VxlanLab } = await import("../../components");
  const hosts = Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`kvm${i + 1}`, { address: `192.168.10.${i + 11}` }]),
  );
  const topology = {
    hosts,
    segments: { red: { vni: 100, subnet: "10.0.3.0/24", flooding } },
    containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" } },
  } as unknown as Partial<Topology>;
  return deploy(
    () => new VxlanLab("lab", { topology, image, accel: Accel.Emulated, libvirtUri: "qemu:///system" }),
  );
}

/** Resources with other inputs than before, and new ones, but for the lab itself, which shows its settings. */
async function changes(count: number, flooding: string): Promise<{ updated: string[]; created: string[] }> {
  const key = ({ type, name }: Registered) => `${type} ${name}`;
  const before = new Map((await lab(count, flooding)).map((one) => [key(one), JSON.stringify(one)]));
  const after = (await lab(count + 1, flooding)).filter(({ type }) => !type.endsWith(":VxlanLab"));
  const differ = after.filter((one) => before.has(key(one)) && before.get(key(one)) !== JSON.stringify(one));
  return {
    updated: differ.map(({ name }) => name),
    created: after.filter((one) => !before.has(key(one))).map(({ name }) => name),
  };
}

/** Twelve and more: test/plan/evpn.test.ts. */
describe("a fifth host", { timeout: 240_000 }, () => {
  it("with EVPN is created, and changes no resource of another", async () => {
    const { updated, created } = await changes(4, "evpn");
    expect(updated).toEqual([]);
    expect(created.every((name) => name.includes("kvm5"))).toBe(true);
    expect(created).toContain("lab-kvm5-evpn");
    // Invariant 4 of ARCHITECTURE.md.
    expect(created.length).toBeLessThanOrEqual(10);
  });

  it("by unicast changes the port of each of the four: the control", async () => {
    const { updated } = await changes(4, "unicast");
    expect(updated.filter((name) => name.endsWith("-red"))).toHaveLength(4);
    expect(updated.filter((name) => name.endsWith("-red-step"))).toHaveLength(4);
  });
});
