/** A host's encryption in the stack output `lab` (contract.ts). */

/**
 * The WireGuard device of a host that encrypts.
 *
 * @example
 * ```ts
 * const peersOf = ({ peers }: EncryptionOutput) => peers.map(({ host }) => host);
 * ```
 */
export interface EncryptionOutput extends EncryptionDescription {
  /** The hosts that it has tunnels to, sorted by name. */
  peers: EncryptionPeerOutput[];
}

/**
 * The WireGuard device of a `PublishedHost`.
 *
 * @example
 * ```ts
 * const keyOf = ({ peers }: PublishedEncryption) => peers["kvm2"]?.publicKey;
 * ```
 */
export interface PublishedEncryption extends EncryptionDescription {
  /** By host name. */
  peers: Record<string, EncryptionPeerOutput>;
}

/** What the two forms have in common. */
interface EncryptionDescription {
  device: string;
  /** The host's VTEP, which packets reach only through WireGuard. */
  address: string;
  /** UDP port of WireGuard. */
  port: number;
  /** Largest IP packet that it takes, bytes. */
  mtu: number;
  publicKey: string;
}

/**
 * The other end of an encrypted tunnel.
 *
 * @example
 * ```ts
 * const endpoint = ({ vtep, port }: EncryptionPeerOutput) => `${vtep}:${port}`;
 * ```
 */
export interface EncryptionPeerOutput {
  host: string;
  /** The only address that it may send from. */
  address: string;
  /** Its underlay address. */
  vtep: string;
  port: number;
  publicKey: string;
}
