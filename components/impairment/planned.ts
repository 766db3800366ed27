/** What is decided of impairments: the shape of them in a plan. */
import type { ImpairmentEffects } from "./spec";

/**
 * An impairment, with what happens to packets as it is written.
 *
 * @example
 * ```ts
 * const hostsOf = ({ places }: ImpairmentPlan) => places.map(({ host }) => host);
 * ```
 */
export interface ImpairmentPlan extends ImpairmentEffects {
  name: string;
  /** In words: "kvm1 ↔ kvm2", "to c1". */
  where: string;
  /** Only packets of this segment. */
  segment?: string;
  /** One for each way, host and interface. */
  places: ImpairedPlacePlan[];
}

/**
 * Where packets are impaired, one way: with `remote` tunnel packets to another host, with `port` frames of a container.
 *
 * @example
 * ```ts
 * const isBetweenHosts = ({ remote }: ImpairedPlacePlan) => remote !== undefined;
 * ```
 */
export interface ImpairedPlacePlan {
  host: string;
  /** The interface that packets are led through, at most 15 bytes. */
  device: string;
  /** Between hosts `out` is from the first of them; of a container, what it sends. `in` is the other way. */
  direction: string;
  /** The host that packets go to. */
  remote?: ImpairedRemotePlan;
  /** With `remote`: packets on the underlay. */
  packets?: TunnelPacketsPlan[];
  /** The container's interface. */
  port?: ImpairedPortPlan;
}

/**
 * The host that impaired packets go to.
 *
 * @example
 * ```ts
 * const remote: ImpairedRemotePlan = { host: "kvm2", address: "192.168.10.222" };
 * ```
 */
export interface ImpairedRemotePlan {
  host: string;
  /** Its VTEP. */
  address: string;
}

/**
 * Packets that carry frames over the underlay.
 *
 * @example
 * ```ts
 * const packets: TunnelPacketsPlan = { address: "192.168.10.222", udpPort: 4789, vni: 100 };
 * ```
 */
export interface TunnelPacketsPlan {
  /** Where they go: a VTEP or a multicast group. */
  address: string;
  udpPort: number;
  /** Only those of this VNI. */
  vni?: number;
}

/**
 * A container's interface as an impairment sees it.
 *
 * @example
 * ```ts
 * const port: ImpairedPortPlan = { container: "c1", interface: "eth0", veth: "v-c1" };
 * ```
 */
export interface ImpairedPortPlan {
  container: string;
  /** eth0, eth1, … */
  interface: string;
  /** Its interface on the host's side. */
  veth: string;
  /** Only this VLAN of a trunk. */
  vlan?: number;
}
