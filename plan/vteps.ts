/**
 * What an underlay stack publishes for other stacks, a public contract like `lab` (contract.ts): the addresses of its VTEPs, and, for its
 * owner's overlay only, how to log in. A change that could break a reader raises `schema`.
 */
/** Name of the stack output that everybody may read. */
export const VTEPS_OUTPUT = "vteps";

/** Version of this contract. */
export const VTEPS_SCHEMA = 1;

/** Version if a host encrypts: readers of version 1 would send it plain packets. */
export const ENCRYPTED_VTEPS_SCHEMA = 2;

/** Name of the secret stack output: a private key of WireGuard for each host that encrypts, by its name. */
export const TUNNEL_KEYS_OUTPUT = "tunnelKeys";

/** Name of the secret stack output: a private key for each host, by its name. */
export const LOGIN_OUTPUT = "login";

/** `machine` of every existing host: it is the same machine as long as its host key is the same, and the key is pinned. */
export const EXISTING_MACHINE = "existing";

/**
 * The stack output `vteps` of an underlay, without secrets.
 *
 * @example
 * ```ts
 * const addressesOf = (vteps: VtepsOutput) => Object.values(vteps.hosts).map(({ address }) => address);
 * ```
 */
export interface VtepsOutput {
  schema: number;
  /** By host name. */
  hosts: Record<string, VtepOutput>;
  /** The underlay networks, in CIDR notation; absent where an older version wrote it. */
  networks?: string[];
  /** The BGP routers; absent if the setting `evpn` is not written, or an older version wrote the output. */
  evpn?: VtepsEvpnOutput;
}

/**
 * The route reflectors of an underlay stack's owner.
 *
 * @example
 * ```ts
 * const evpn: VtepsEvpnOutput = { as: 65001, reflectors: ["b1", "b2"] };
 * ```
 */
export interface VtepsEvpnOutput {
  /** Autonomous system number. */
  as: number;
  /** Names of hosts, whose addresses are in `hosts`. */
  reflectors: string[];
}

/**
 * A host of an underlay stack, as overlay stacks read it.
 *
 * @example
 * ```ts
 * const a1: VtepOutput = {
 *   ...{ address: "192.168.10.11", mtu: 1500, hostKey: "ssh-ed25519 AAAA…", machine: "existing" },
 *   ssh: { address: "192.168.10.11", port: 22, user: "root" },
 * };
 * ```
 */
export interface VtepOutput {
  /** The host's underlay address, a literal. */
  address: string;
  /** Largest IP packet of the underlay that it is on, bytes. */
  mtu: number;
  /** Public SSH host key, one authorized_keys line. */
  hostKey: string;
  /** A text that differs for each machine of the host: when it changes, everything must be put on the host again. */
  machine: string;
  ssh: VtepSshOutput;
  /** Absent: it takes and sends plain packets. Since version 2. */
  encryption?: VtepEncryptionOutput;
}

/**
 * The end of a host's encrypted tunnels.
 *
 * @example
 * ```ts
 * const peerOf = ({ publicKey, address }: VtepEncryptionOutput) => `${publicKey} ${address}/32`;
 * ```
 */
export interface VtepEncryptionOutput {
  /** The VTEP: an IPv4 address that packets reach only through WireGuard. */
  address: string;
  /** Of WireGuard, as wg(8) writes it. */
  publicKey: string;
  /** UDP port of WireGuard. */
  port: number;
}

/**
 * Where SSH answers, and the user that logs in.
 *
 * @example
 * ```ts
 * const ssh: VtepSshOutput = { address: "192.168.10.11", port: 22, user: "root" };
 * ```
 */
export interface VtepSshOutput {
  address: string;
  port: number;
  user: string;
}

/** OpenSSH private keys, by host name. */
export type LoginOutput = Record<string, string>;

/** Private keys of WireGuard, by name of the hosts that encrypt. */
export type TunnelKeysOutput = Record<string, string>;
