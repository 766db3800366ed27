/** The setting `hosts.<name>`: a machine that libvirt makes, or a host that exists already. */
import type { Fields } from "../../plan/setting";
import { ImageKind } from "../image/spec";

/**
 * A host: a machine that libvirt runs, or an existing host.
 *
 * @example
 * ```ts
 * const kvm: HostSpec = { address: "192.168.10.11", bridgeAddress: "10.1.2.10/24", memory: 512 };
 * ```
 */
export interface HostSpec {
  /** The host's underlay address and VTEP, a literal inside the underlay; an existing host's may be outside. */
  address: string;
  /** A host that exists already and is reached by SSH, instead of a machine that libvirt makes. @default none */
  existing?: ExistingSpec;
  /** IPv4 address of the bridge's own interface, with prefix length, /8 to /30. @default none */
  bridgeAddress?: string;
  /**
   * Name of the bridge, at most 15 bytes; another one for a second lab on an existing host (docs/stacks.md). @default
   * vxbr
   */
  bridge?: string;
  /**
   * Memory, at least 128 (golden), 256 (docker), 512 (cloud); 128 to 1048576 MiB. @default 256 (golden), 512 (docker),
   * 1024 (cloud)
   */
  memory?: number;
  /** Virtual CPUs; 1 to 64. @default 1 */
  vcpus?: number;
  /** MAC of the underlay interface. @default computed from lab and host name */
  mac?: string;
  /**
   * The host guard: packet filter rules between segments, this host and the underlay (docs/security.md); true or false.
   * @default true
   */
  guard?: boolean;
}

/**
 * How an existing host is reached. vxlab sends nothing before the host's key is verified.
 *
 * @example
 * ```ts
 * const server: HostSpec = { address: "172.20.0.5", existing: { hostKey: "ssh-ed25519 AAAA…" } };
 * ```
 */
export interface ExistingSpec {
  /** The host's public SSH key, the line in its /etc/ssh/ssh_host_ed25519_key.pub. */
  hostKey: string;
  /**
   * A private key without a passphrase that may log in, a file on the machine that runs Pulumi; ~/ is the home folder.
   * @default ~/.ssh/id_ed25519
   */
  keyFile?: string;
  /** Who logs in; must have uid 0. @default root */
  user?: string;
  /** TCP port of SSH; 1 to 65535. @default 22 */
  port?: number;
  /** Address where SSH answers, if it is not the VTEP's. @default address */
  sshAddress?: string;
}

/**
 * What a host must be able to do for what is put on it, beyond bridges, unicast tunnels and LXC.
 *
 * @example
 * ```ts
 * const args = { address: "172.20.0.5", hostKey: "ssh-ed25519 AAAA…", privateKey: loginKey("~/.ssh/id") };
 * new ExistingHost("server", { ...args, needs: [HostNeed.Gateway, HostNeed.Docker] });
 * ```
 */
export enum HostNeed {
  /** Routes and translates for a segment. */
  Gateway = "gateway",
  /** Lends addresses. */
  Dhcp = "dhcp",
  /** Holds a port with Flooding.Multicast. */
  Multicast = "multicast",
  /** Holds a port with Encapsulation.Geneve. */
  Geneve = "geneve",
  /** Holds a port with Flooding.Flow. */
  Flow = "flow",
  /** Holds a port with Flooding.Evpn, or is a route reflector. */
  Frr = "frr",
  /** Runs a Docker container. */
  Docker = "docker",
  /** Holds the host guard. */
  Guard = "guard",
  /** Encrypts its tunnels. */
  Wireguard = "wireguard",
}

/** Memory of a machine by what it boots, MiB. */
export const MEMORY: Readonly<Record<ImageKind, { min: number; default: number }>> = {
  [ImageKind.Golden]: { min: 128, default: 256 },
  [ImageKind.Docker]: { min: 256, default: 512 },
  [ImageKind.Cloud]: { min: 512, default: 1024 },
};

const byImage = (which: "min" | "default") =>
  Object.entries(MEMORY)
    .map(([image, memory]) => `${memory[which]} (${image})`)
    .join(", ");

export const EXISTING = {
  hostKey: {
    kind: "text",
    required: true,
    doc: "the host's public SSH key, the line in its `/etc/ssh/ssh_host_ed25519_key.pub`",
  },
  keyFile: {
    kind: "text",
    default: "~/.ssh/id_ed25519",
    doc: "a private key without a passphrase that may log in, a file on the machine that runs Pulumi; `~/` is the home folder",
  },
  user: { kind: "text", default: "root", doc: "who logs in; must have uid 0" },
  port: {
    kind: "integer",
    min: 1,
    max: 65535,
    names: "a TCP port",
    default: 22,
    doc: "TCP port of SSH",
  },
  sshAddress: {
    kind: "text",
    usual: "`address`",
    doc: "address where SSH answers, if it is not the VTEP's",
  },
} as const satisfies Fields<ExistingSpec>;

export const HOST = {
  address: {
    kind: "text",
    required: true,
    pattern: "^[0-9a-fA-F.:]+$",
    doc: "the host's underlay address and VTEP, a literal inside the underlay; an existing host's may be outside",
  },
  existing: {
    kind: "section",
    fields: EXISTING,
    doc: "a host that exists already and is reached by SSH, instead of a machine that libvirt makes",
  },
  bridgeAddress: {
    kind: "text",
    pattern: "^[0-9.]+/[0-9]{1,2}$",
    doc: "IPv4 address of the bridge's own interface, with prefix length, /8 to /30",
  },
  bridge: {
    kind: "text",
    default: "vxbr",
    doc: "name of the bridge, at most 15 bytes; another one for [a second lab on an existing host](stacks.md#two-labs-on-one-host)",
  },
  memory: {
    kind: "integer",
    min: MEMORY[ImageKind.Golden].min,
    // 1 TiB: more is probably a wrong unit.
    max: 1024 * 1024,
    unit: "MiB",
    usual: byImage("default"),
    doc: `memory, at least ${byImage("min")}`,
  },
  vcpus: { kind: "integer", min: 1, max: 64, unit: "CPUs", default: 1, doc: "virtual CPUs" },
  mac: { kind: "text", usual: "computed from lab and host name", doc: "MAC of the underlay interface" },
  guard: {
    kind: "switch",
    default: true,
    doc: "the host guard: packet filter rules between segments, this host and the underlay ([security.md](security.md))",
  },
} as const satisfies Fields<HostSpec>;
