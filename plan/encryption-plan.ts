/** What encrypts the tunnels of a host. */

/**
 * The WireGuard device of a host. Keys are computed from the lab's secret, which a plan does not know.
 *
 * @example
 * ```ts
 * const peersOf = ({ peers }: EncryptionPlan) => peers.map(({ host }) => host);
 * ```
 */
export interface EncryptionPlan {
  device: string;
  /** The host's VTEP. */
  address: string;
  /** UDP port of WireGuard. */
  port: number;
  /** Largest IP packet that it takes, bytes. */
  mtu: number;
  keyVersion: number;
  /** The hosts that it has tunnels to, sorted by name. */
  peers: EncryptionPeerPlan[];
}

/**
 * The other end of an encrypted tunnel.
 *
 * @example
 * ```ts
 * const endpointOf = ({ vtep, port }: EncryptionPeerPlan) => `${vtep}:${port}`;
 * ```
 */
export interface EncryptionPeerPlan {
  host: string;
  /** Its address inside the encrypted tunnel: the only one that it may send from. */
  address: string;
  /** Its underlay address. */
  vtep: string;
  port: number;
  /** Of a host of another owner; absent: computed. */
  publicKey?: string;
}
