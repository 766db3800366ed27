/** The setting `underlay`, and each of `underlays`. */
import type { Fields } from "../../plan/setting";

/**
 * How the underlay network reaches the outside (libvirt network `<forward mode>`).
 *
 * @example
 * ```ts
 * const underlay: UnderlaySpec = { cidr: "192.168.10.0/24", mode: UnderlayMode.Nat };
 * ```
 */
export enum UnderlayMode {
  Isolated = "isolated",
  Nat = "nat",
  Routed = "routed",
}

/**
 * What executes the machines' instructions.
 *
 * @example
 * ```ts
 * new VxlanUnderlay("u", { topology: { hosts: { a1: { address: "192.168.10.11" } } }, accel: Accel.Emulated });
 * ```
 */
export enum Accel {
  Kvm = "kvm",
  /** QEMU's emulation (TCG): works everywhere, about ten times slower. */
  Emulated = "qemu",
}

/**
 * What protects the tunnels' packets on the underlay (docs/encryption.md).
 *
 * @example
 * ```ts
 * const underlay: UnderlaySpec = { cidr: "192.168.10.0/24", encryption: Encryption.Wireguard };
 * ```
 */
export enum Encryption {
  None = "none",
  Wireguard = "wireguard",
}

/**
 * A libvirt network that carries the tunnels.
 *
 * @example
 * ```ts
 * const underlay: UnderlaySpec = { cidr: "fd00:10::/64", mtu: 9000 };
 * ```
 */
export interface UnderlaySpec {
  /**
   * Network of the VTEPs: IPv4, /8 to /30, or IPv6, /32 to /120; the hypervisor takes its first address and must have no
   * other address in it. @default 192.168.10.0/24
   */
  cidr?: string;
  /** The hypervisor's libvirt URI. @default libvirtUri */
  libvirtUri?: string;
  /** What executes the machines' instructions there; kvm, qemu (emulation). @default accel */
  accel?: Accel;
  /** Largest IP packet (9000 on a jumbo underlay); 1280 to 9216 bytes. @default 1500 */
  mtu?: number;
  /**
   * How the network reaches the outside; isolated (the machines see each other only), nat (they reach what the
   * hypervisor reaches), routed (the hypervisor routes without translation). @default isolated; in underlays routed
   */
  mode?: UnderlayMode;
  /**
   * Addresses of the machines' name servers, of the underlay's family; [] for none; at most 3. @default the hypervisor;
   * isolated: none
   */
  nameservers?: string[];
  /** What protects the tunnels between its hosts (docs/encryption.md); none, wireguard. @default none */
  encryption?: Encryption;
  /**
   * IPv4 network, /8 to /30, of the tunnels' own addresses with encryption: each host's has the last bits of its
   * underlay address. @default 10.255.0.0/16
   */
  tunnelCidr?: string;
  /** With encryption: another number replaces the keys of its hosts; 1 to 1000000. @default 1 */
  keyVersion?: number;
}

/** What resolv.conf(5) takes (MAXNS). */
const MAX_NAMESERVERS = 3;

export const UNDERLAY = {
  cidr: {
    kind: "text",
    default: "192.168.10.0/24",
    pattern: "^[0-9a-fA-F.:]+/[0-9]{1,3}$",
    doc: "network of the VTEPs: IPv4, /8 to /30, or IPv6, /32 to /120; the hypervisor takes its first address and must have no other address in it",
  },
  libvirtUri: {
    kind: "text",
    only: "underlays",
    usual: "`libvirtUri`",
    doc: "the hypervisor's libvirt URI",
  },
  accel: {
    kind: "choice",
    choices: { [Accel.Kvm]: "", [Accel.Emulated]: "emulation" },
    only: "underlays",
    usual: "`accel`",
    doc: "what executes the machines' instructions there",
  },
  mtu: {
    kind: "integer",
    // What IPv6 needs of every link (RFC 8200 section 5): an underlay can carry either family.
    min: 1280,
    // The usual limit of switches and virtio; libvirt itself takes more.
    max: 9216,
    unit: "bytes",
    default: 1500,
    doc: "largest IP packet (9000 on a jumbo underlay)",
  },
  mode: {
    kind: "choice",
    choices: {
      [UnderlayMode.Isolated]: "the machines see each other only",
      [UnderlayMode.Nat]: "they reach what the hypervisor reaches",
      [UnderlayMode.Routed]: "the hypervisor routes without translation",
    },
    usual: `\`${UnderlayMode.Isolated}\`; in \`underlays\` \`${UnderlayMode.Routed}\``,
    doc: "how the network reaches the outside",
  },
  nameservers: {
    kind: "list",
    most: MAX_NAMESERVERS,
    usual: "the hypervisor; `isolated`: none",
    doc: "addresses of the machines' name servers, of the underlay's family; `[]` for none",
  },
  encryption: {
    kind: "choice",
    choices: { [Encryption.None]: "", [Encryption.Wireguard]: "" },
    default: Encryption.None,
    doc: "what protects the tunnels between its hosts ([encryption.md](encryption.md))",
  },
  tunnelCidr: {
    kind: "text",
    default: "10.255.0.0/16",
    pattern: "^[0-9.]+/[0-9]{1,2}$",
    doc: "IPv4 network, /8 to /30, of the tunnels' own addresses with `encryption`: each host's has the last bits of its underlay address",
  },
  keyVersion: {
    kind: "integer",
    min: 1,
    max: 1_000_000,
    names: "a version of keys",
    default: 1,
    doc: "with `encryption`: another number replaces the keys of its hosts",
  },
} as const satisfies Fields<UnderlaySpec>;

/** The default with several hypervisors: only in mode routed can packets arrive from another hypervisor's network. */
export const USUAL_MODE = { single: UnderlayMode.Isolated, several: UnderlayMode.Routed } as const;
