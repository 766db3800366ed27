/** The desired state of a host's WireGuard device, as the host gets it. */
import { IpFamily } from "../../plan/net/family";
import { UNDERLAY } from "../underlay/spec";
import { wireguardOverhead, WIREGUARD_DEVICE, WIREGUARD_PORT } from "./wireguard";
import type { ThingKind } from "../../plan/thing";
import { encryptionWords } from "./words";

export const encryption: ThingKind = {
  scripts: ["components/encryption/guest.sh"],
  on: (_, { encryption: own }) => (own === undefined ? [] : [own.device]),
  words: encryptionWords,
};

export interface EncryptionState {
  /** The host's bridge, whose tunnels it carries. */
  bridge: string;
  device: string;
  /** The host's underlay address: WireGuard sends from it. */
  local: string;
  /** The host's VTEP: no other interface has it. */
  address: string;
  /** UDP port of WireGuard. */
  port: number;
  mtu: number;
  /** Its own, of the private key that comes beside the state. */
  publicKey: string;
  peers: EncryptionPeerState[];
}

export interface EncryptionPeerState {
  publicKey: string;
  /** What it may send from. */
  address: string;
  /** Its underlay address and port. */
  vtep: string;
  port: number;
}

/** Secrets, which are sent and stored apart from the state. */
export interface EncryptionSecrets {
  privateKey: string;
}

/** What it is made from: the arguments of HostEncryption, resolved. */
export interface EncryptionWanted {
  bridge: string;
  device?: string;
  local: string;
  address: string;
  port?: number;
  mtu?: number;
  publicKey: string;
  peers: (Omit<EncryptionPeerState, "port"> & { port?: number })[];
}

/** Without a setting: that of the default underlay, whose family is the peers'. */
function assumedMtu(peers: EncryptionWanted["peers"]): number {
  const six = peers.some(({ vtep }) => vtep.includes(":"));
  return UNDERLAY.mtu.default - wireguardOverhead(six ? IpFamily.V6 : IpFamily.V4);
}

export function encryptionState(wanted: EncryptionWanted): EncryptionState {
  const { bridge, device = WIREGUARD_DEVICE, local, address, port = WIREGUARD_PORT, publicKey } = wanted;
  const peers = wanted.peers.map(({ publicKey: key, address: inside, vtep, port: far = WIREGUARD_PORT }) => ({
    publicKey: key,
    address: inside,
    vtep,
    port: far,
  }));
  return { bridge, device, local, address, port, mtu: wanted.mtu ?? assumedMtu(peers), publicKey, peers };
}
