/** The labs that each version records, in today's settings: what is on a host, on machines of ours and on hosts that were there before. */
import { ed25519FromSeed } from "../../plan/keys";
import { MIDDLE_BOX } from "../lib/middle-box";

/** How an existing host is reached. */
export interface Login {
  hostKey: string;
  keyFile: string;
  privateKey: string;
}

/** The hosts of the lab `existing`, and where each answers. */
export const SERVERS = { a: "192.168.20.11", b: "192.168.20.12" };
export type ServerName = keyof typeof SERVERS;
export type Logins = Readonly<Record<ServerName, Login>>;

export const LAB_NAMES = ["machines", "existing"] as const;
/** Two stacks, in the order of `up`: machines, and on them what the two labs have not. Versions of before 0.1.0 did not record them. */
export const PAIR_NAMES = ["ground", "overlay"] as const;
export type LabName = (typeof LAB_NAMES)[number] | (typeof PAIR_NAMES)[number];

/** The stack whose machines are the existing hosts. */
export const OFFICE = {
  role: "underlay",
  underlay: { cidr: "192.168.20.0/24", mode: "routed" },
  hosts: { a: { address: SERVERS.a }, b: { address: SERVERS.b } },
};

/** A segment for each way to flood, with a gateway and DHCP. Every version reads these settings. */
const things = (one: string, other: string) => ({
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24", gateway: { host: one }, dhcp: { host: one } },
    blue: { vni: 200, vlan: 20, subnet: "10.0.4.0/24", flooding: "flow" },
    green: { vni: 300, vlan: 30, subnet: "10.0.5.0/24", flooding: "multicast" },
  },
  containers: {
    c1: { host: one, segment: "red", address: "10.0.3.10/24" },
    c2: { host: other, segment: "red", address: "10.0.3.11/24" },
    d1: { host: one, interfaces: two(10) },
    d2: { host: other, interfaces: two(11) },
  },
});

const two = (last: number) => [
  { segment: "blue", address: `10.0.4.${last}/24` },
  { segment: "green", address: `10.0.5.${last}/24` },
];

/** Two machines that boot the image at `path`, so that a new image is not what a preview shows. */
export const machines = (path: string) => ({
  underlay: { cidr: "192.168.10.0/24", mtu: 1500, mode: "isolated" },
  image: { kind: "golden", path },
  hosts: {
    kvm1: { address: "192.168.10.156", bridgeAddress: "10.1.2.10/24" },
    kvm2: { address: "192.168.10.222", bridgeAddress: "10.1.2.11/24" },
  },
  ...things("kvm1", "kvm2"),
});

export function existing({ a, b }: Logins) {
  const host = (address: string, { hostKey, keyFile }: Login) => ({
    address,
    existing: { hostKey, keyFile },
  });
  return {
    underlay: { cidr: "192.168.10.0/24", mode: "routed" },
    hosts: { a: host(SERVERS.a, a), b: host(SERVERS.b, b) },
    ...things("a", "b"),
  };
}

/** Encrypted, with the image at `path`, which has Docker. */
export const ground = (path: string) => ({
  role: "underlay",
  underlay: { cidr: "192.168.30.0/24", mode: "routed", encryption: "wireguard" },
  image: { kind: "docker", path },
  hosts: { kvm1: { address: "192.168.30.11" }, kvm2: { address: "192.168.30.12" } },
});

/** Docker, EVPN, a chain, checks, an impairment, routes, kernel settings, files and commands. */
export const overlay = {
  role: "overlay",
  underlayStack: "ground",
  hosts: {},
  segments: {
    red: { vni: 100, subnet: "10.0.3.0/24", subnet6: "fd00:3::/64" },
    violet: { vni: 400, vlan: 40, subnet: "10.0.6.0/24", flooding: "evpn" },
  },
  containers: {
    c1: { host: "kvm1", segment: "red", address: "10.0.3.10/24" },
    c2: {
      host: "kvm2",
      segment: "red",
      address: "10.0.3.11/24",
      routes: [{ to: "10.9.0.0/16", via: "10.0.3.20" }],
    },
    m1: { host: "kvm1", interfaces: [{ chain: "in" }, { chain: "out" }], command: MIDDLE_BOX },
    w1: {
      ...{ host: "kvm2", kind: "docker", image: "vxlab/busybox", segment: "red", address: "10.0.3.20/24" },
      sysctls: { "net.ipv4.ip_forward": 1 },
    },
    e1: {
      ...{ host: "kvm1", segment: "violet", address: "10.0.6.10/24" },
      files: { "/etc/motd": { content: "recorded" } },
      exec: [{ command: ["true"] }],
    },
    e2: { host: "kvm2", segment: "violet", address: "10.0.6.11/24" },
  },
  chains: { inspect: { from: "c1", to: "c2", through: ["m1"] } },
  checks: { violet: { from: "e1", to: "e2" }, docker: { from: "c2", to: "w1" } },
  impairments: { slow: { between: ["kvm1", "kvm2"], delay: "5ms" } },
};

/** Keys that no host has, for a state that is only previewed. An underlay stack has one login key for all of its hosts. */
export function inventedLogin(name: ServerName, keyFile: string): Login {
  const key = (of: string) => ed25519FromSeed(Buffer.alloc(32, of));
  return { hostKey: key(name).publicKeyLine, keyFile, privateKey: key("login").privateKeyOpenSsh };
}
