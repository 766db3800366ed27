/** Impairments that have been read (plan/resolved.ts). */
import type { Direction, ImpairmentSpec } from "./spec";

/** One of the two directions. */
export type Way = Direction.Out | Direction.In;

export interface ResolvedImpairment {
  name: string;
  spec: ImpairmentSpec;
  places: readonly ResolvedPlace[];
}

/** Where packets are impaired, one way. */
export type ResolvedPlace = LinkPlace | NicPlace;

interface AnyPlace {
  host: string;
  /** Distinguishes it from the impairment's other places on this host; does not change when others are added or removed. */
  number: number;
  way: Way;
}

/** What identifies a segment's packets. */
interface Segment {
  vni: number;
  udpPort: number;
  /** The multicast group that packets may go to instead. */
  group: bigint | undefined;
}

/** Tunnel packets from a host to another. */
export interface LinkPlace extends AnyPlace {
  container?: undefined;
  /** The VTEP of the host that sends. */
  local: bigint;
  remote: {
    host: string;
    address: bigint;
    /** The UDP port of WireGuard, if it encrypts. */
    sealed?: number;
  };
  /** Those whose tunnels they are. */
  segments: readonly Segment[];
}

/** Frames from or to a container's interface. */
export interface NicPlace extends AnyPlace {
  container: string;
  /** 0 is eth0. */
  nic: number;
  /** Only this VLAN of a trunk. */
  vlan?: number;
}
