/** The lab of the truth tests, what is asked of it, and how its settings change. */
import { expect } from "vitest";
import type { Guests } from "../../lib/guests";
import type { Project } from "../../lib/project";

/** Two containers, and a router between them with files and commands. @param more of the router */
export function routed(more: object = {}) {
  const r = {
    host: "kvm2",
    interfaces: [{ segment: "east" }, { segment: "west" }],
    sysctls: { "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1" },
    files: { "/etc/motd": { content: "one\n" }, "/srv/a/key": { content: "k", mode: "0600", owner: "7:8" } },
    exec: [{ command: ["sh", "-c", "cat /etc/motd >>/ran"] }],
    ...more,
  };
  const east = { host: "kvm1", segment: "east", gateway: "r", gateway6: "r" };
  return {
    r,
    e1: east,
    w1: { ...east, segment: "west", address6: "fd00:40::11/64", address: "10.0.40.11/24" },
  };
}

export const SETTINGS = {
  hosts: {
    kvm1: { address: "192.168.10.156" },
    kvm2: { address: "192.168.10.222" },
  },
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24", bfd: true },
    blue: {
      ...{ vni: 200, vlan: 20, subnet: "10.0.20.0/24", flooding: "flow" },
      ...{ dhcp: { host: "kvm1" }, gateway: { host: "kvm1" } },
    },
    east: { vni: 300, vlan: 30, subnet: "10.0.30.0/24", subnet6: "fd00:30::/64" },
    west: { vni: 400, vlan: 40, subnet: "10.0.40.0/24", subnet6: "fd00:40::/64" },
  },
  containers: {
    ...routed(),
    c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
    c2: { host: "kvm2", segment: "red", address: "10.0.3.11/24" },
    b2: { host: "kvm2", segment: "blue" },
  },
};

/** There once the lab is deployed. */
export interface Lab {
  project: Project;
  guests: Guests;
}

interface Found {
  ok: boolean;
  foreign: { host: string; what: string }[];
  faults: { name: string; got: string }[];
}

/** What status finds wrong, and what it calls foreign. It sends no packet, and so takes a few seconds. */
export async function status({ project }: Lab): Promise<{ faults: string[]; foreign: string[] }> {
  const { stdout } = await project.vxlab(["status", "--json"], { timeout: 120 });
  const { faults, foreign } = JSON.parse(stdout) as Found;
  return {
    faults: faults.map(({ name, got }) => `${name}: ${got}`),
    foreign: foreign.map(({ host, what }) => `${host}: ${what}`),
  };
}

/** `./vxlab up`: the steps that it runs again because of what it has found on the hosts; every check has to pass afterwards. */
export async function healed({ project }: Lab): Promise<string[]> {
  const { code, stdout, stderr } = await project.vxlab(["up"], { timeout: 600 });
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).not.toContain(" applied again ");
  return [...stderr.matchAll(/updated +Command (\S+)-step /g)].map(([, step = ""]) => step).sort();
}
