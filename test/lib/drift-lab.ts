/** A lab in which faults are made by hand, and what drift and preview say of them. */
import { afterAll, beforeAll, expect } from "vitest";
import { Guests } from "./guests";
import { good, Project } from "./project";

export const SETTINGS = {
  hosts: {
    kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
    kvm2: { address: "192.168.10.222" },
  },
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24" },
    blue: {
      ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" },
      ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
    },
  },
  containers: {
    c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
    c3: { host: "kvm1", segment: "red", address: "10.0.3.12/24" },
    c4: { host: "kvm1", segment: "red", address: "10.0.3.13/24" },
    c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
    c5: { host: "kvm2", segment: "red", address: "10.0.3.14/24" },
    c6: { host: "kvm2", segment: "red", address: "10.0.3.15/24" },
    b2: { host: "kvm2", segment: "blue" },
  },
};

export const TUNNEL1 = "vx100-c0a80ade";

/** There once the lab is deployed. */
interface Lab {
  project: Project;
  guests: Guests;
}

/** Deploys the lab before the tests of a file, and deletes it after them. */
export function driftLab(name: string): Lab & { configure: (more: object) => void } {
  const lab = {} as Lab;
  beforeAll(async () => {
    lab.project = await Project.create(name);
    lab.project.configure(SETTINGS);
    good(await lab.project.vxlab(["up", "--no-verify"], { timeout: 1500 }));
    lab.guests = await Guests.of(lab.project);
  });
  afterAll(async () => {
    await lab.guests?.close();
    await lab.project?.destroy();
  });
  return Object.assign(lab, {
    configure: (more: object) => lab.project.configure({ ...SETTINGS, ...more }),
  });
}

interface Found {
  differences: { host: string; thing: string; found: string }[];
  unknown: { host: string; why: string }[];
  foreign: { host: string; what: string }[];
}

export async function drift({
  project,
}: Lab): Promise<{ code: number; lines: string[]; unknown: string[]; foreign: string[] }> {
  const { code, stdout, stderr } = await project.vxlab(["drift", "--json"], { timeout: 180 });
  expect(stdout, stderr).toContain("differences");
  const { differences, unknown, foreign } = JSON.parse(stdout) as Found;
  return {
    code,
    lines: differences.map(({ host, thing, found }) => `${host}: ${thing}: ${found}`),
    unknown: unknown.map(({ host }) => host),
    foreign: foreign.map(({ host, what }) => `${host}: ${what}`),
  };
}

export const clean = { code: 0, lines: [], unknown: [], foreign: [] };

/** Neither a look nor a preview shows anything. */
export async function settled(lab: Lab, words: readonly string[] = []): Promise<void> {
  expect(await drift(lab)).toEqual(clean);
  const { stdout } = await lab.project.vxlab(["preview", "--json", ...words], { timeout: 300 });
  expect((JSON.parse(stdout) as { changes: unknown[] }).changes).toEqual([]);
}
