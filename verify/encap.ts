/** What the encapsulations of a segment differ in, for whoever looks at tunnels or at packets. */
import type { PortOutput } from "../plan/contract";

export type Encapsulation = "vxlan" | "geneve";

export interface EncapsulationFacts {
  /** The `type` of its interfaces in Open vSwitch. */
  ovsType: string;
  /** The UDP port that IANA has assigned. */
  udpPort: number;
  /** Length of its own header, between UDP's and the inner Ethernet header, bytes; GENEVE without options. */
  headerBytes: number;
  capture: {
    /** As people write it. */
    title: string;
    /** The options that make tcpdump decode it on any UDP port. */
    decode: readonly string[];
    /** The first byte of its header. */
    firstByte: number;
    /** Begin of the name of the kernel's device that receives for Open vSwitch: what is seen there has been accepted. */
    device: string;
  };
}

export const ENCAPSULATIONS: Readonly<Record<Encapsulation, EncapsulationFacts>> = {
  vxlan: {
    ovsType: "vxlan",
    udpPort: 4789,
    headerBytes: 8,
    capture: { title: "VXLAN", decode: ["-T", "vxlan"], firstByte: 0x08, device: "vxlan_sys_" },
  },
  geneve: {
    ovsType: "geneve",
    udpPort: 6081,
    headerBytes: 8,
    // tcpdump has no -T for it, and decodes it on its own port only.
    capture: { title: "GENEVE", decode: [], firstByte: 0x00, device: "genev_sys_" },
  },
};

/** VXLAN where the lab's output does not say. */
export function encapsulationOf(port: PortOutput & { encapsulation?: Encapsulation }): Encapsulation {
  return port.encapsulation ?? "vxlan";
}
