/** The lab of the truth tests, what is asked of it, and how its settings change. */
import type { Guests } from "../../lib/guests";
import type { Project } from "../../lib/project";

const KEY = { "/srv/a/key": { content: "k", mode: "0600", owner: "7:8" } };

/** Two containers, and a router between them with files and commands. @param more of the router */
function routed(more: object = {}) {
  const r = {
    host: "kvm2",
    interfaces: [{ segment: "east" }, { segment: "west" }],
    sysctls: { "net.ipv4.ip_forward": "1", "net.ipv6.conf.all.forwarding": "1" },
    files: { ...KEY, "/etc/motd": { content: "two\n" } },
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
    kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
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

/** What the lab is deployed with: a router that may forward nothing, with other files. */
export const AT_FIRST = routed({
  interfaces: [
    { segment: "east", forwards: [] },
    { segment: "west", forwards: [] },
  ],
  files: { ...KEY, "/etc/motd": { content: "one\n" }, "/srv/a/old": { content: "" } },
});

const PLAIN = { from: "c1", to: "c2" };

export const CHECKS = {
  plain: PLAIN,
  shut: { ...PLAIN, kind: "tcp", port: 9, reach: false },
  fast: { ...PLAIN, kind: "throughput", atLeast: "10kbit" },
  apart: { from: "b2", to: "10.0.3.10", reach: false },
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

/** What a command prints in the router. */
export const inside = ({ guests }: Lab, command: string): Promise<string> =>
  guests.tell("kvm2", `lxc-attach -P /var/lib/vxlab/containers -n r -- sh -c '${command}'`);
