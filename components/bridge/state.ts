/** The desired state of a bridge, as its host gets it. */
import { HOST } from "../host/spec";
import { assumedMtu } from "../segment/mtu";

export interface BridgeState {
  /** At most 15 bytes (IFNAMSIZ). */
  name: string;
  /** MAC of its own interface. */
  mac: string;
  /** MTU of its own interface, bytes. */
  mtu: number;
  /** Address of its own interface, with prefix length. */
  address: string | null;
  /** Whether the host guard covers it (docs/security.md). */
  guard: boolean;
}

/** What a bridge is made from: the arguments of OvsBridge, resolved. */
export interface BridgeWanted {
  bridge?: string;
  mac: string;
  mtu?: number;
  address?: string;
  guard?: boolean;
}

export function bridgeState(wanted: BridgeWanted): BridgeState {
  const {
    bridge = HOST.bridge.default,
    mac,
    mtu = assumedMtu(),
    address = null,
    guard = HOST.guard.default,
  } = wanted;
  return { name: bridge, mac, mtu, address, guard };
}
