/** Encapsulations: how a frame of a segment is carried over the underlay, and what that costs. */
import { HostNeed } from "../../components/host/spec";
import { IpFamily } from "./family";

/**
 * How frames are carried over the underlay: what UDP carries there.
 *
 * @example
 * ```ts
 * new VxlanPort("red", { host: kvm1, bridge, vni: 100, remotes: [], encapsulation: Encapsulation.Geneve });
 * ```
 */
export enum Encapsulation {
  Vxlan = "vxlan",
  /** Only by Open vSwitch: with Flooding.Unicast. */
  Geneve = "geneve",
}

export interface EncapsulationFacts {
  /** Open vSwitch's name for such a tunnel (ovs-vswitchd.conf.db(5), Interface, `type`). */
  readonly ovsType: string;
  /** IANA's UDP port. */
  readonly udpPort: number;
  /** Bytes of its own header. */
  readonly header: number;
  /** Its name in texts. */
  readonly title: string;
  /** Prefix of the name of the kernel's device that receives for Open vSwitch. */
  readonly device: string;
  /** What a host must have for it. @default nothing beyond Open vSwitch */
  readonly need?: HostNeed;
  readonly capture: {
    /** tcpdump's options for packets on another UDP port than IANA's (tcpdump(1), `-T`); empty where it has none. */
    readonly options: readonly string[];
    /** The first byte of the header, which identifies the encapsulation in the output of tcpdump's `-T vxlan` (verify/evidence/wire.ts). */
    readonly firstByte: number;
  };
}

/** VXLAN: RFC 7348, sections 5 (header) and 8 (port). GENEVE: RFC 8926, sections 3.4 (header, without options) and 3.3 (port). */
export const ENCAPSULATIONS: Readonly<Record<Encapsulation, EncapsulationFacts>> = {
  [Encapsulation.Vxlan]: {
    ...{ ovsType: "vxlan", udpPort: 4789, header: 8, title: "VXLAN", device: "vxlan_sys_" },
    capture: { options: ["-T", "vxlan"], firstByte: 0x08 },
  },
  [Encapsulation.Geneve]: {
    ...{ ovsType: "geneve", udpPort: 6081, header: 8, title: "GENEVE", device: "genev_sys_" },
    need: HostNeed.Geneve,
    // Version 0, no options. tcpdump has no `-T` for it.
    capture: { options: [], firstByte: 0x00 },
  },
};

/** What a segment has unless it says otherwise. */
export const DEFAULT_ENCAPSULATION = Encapsulation.Vxlan;

/** IANA's UDP port of each. */
export const UDP_PORTS = Object.fromEntries(
  Object.values(Encapsulation).map((name) => [name, ENCAPSULATIONS[name].udpPort]),
) as Readonly<Record<Encapsulation, number>>;

const INNER_ETHERNET = 14;
const UDP_HEADER = 8;
const IP_HEADER: Readonly<Record<IpFamily, number>> = { [IpFamily.V4]: 20, [IpFamily.V6]: 40 };

/**
 * Bytes between an inner and an outer IP packet: with VXLAN 14 + 8 + 8 + 20 = 50 over IPv4, 14 + 8 + 8 + 40 = 70 over IPv6
 * (include/net/vxlan.h, VXLAN_HEADROOM and VXLAN6_HEADROOM). A segment's VLAN adds nothing: the bridge removes the tag before an
 * access port sends the frame.
 *
 * @example
 * ```ts
 * const overhead = tunnelOverhead(IpFamily.V6); // 70
 * ```
 */
export function tunnelOverhead(family: IpFamily, encapsulation = DEFAULT_ENCAPSULATION): number {
  return INNER_ETHERNET + ENCAPSULATIONS[encapsulation].header + UDP_HEADER + IP_HEADER[family];
}

/**
 * The largest IP packet inside a segment that fits into one packet of the underlay, bytes.
 *
 * @example
 * ```ts
 * const mtu = maxOverlayMtu(1500, IpFamily.V4); // 1450
 * ```
 */
export function maxOverlayMtu(
  underlayMtu: number,
  family: IpFamily,
  encapsulation = DEFAULT_ENCAPSULATION,
): number {
  return underlayMtu - tunnelOverhead(family, encapsulation);
}
