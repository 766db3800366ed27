/**
 * The stack output `lab`: a public contract that `vxlab verify`, other programs and other stacks read.
 * It holds no secrets. A change that a reader could trip over raises `schema`.
 */
import { BridgePlan, ContainerPlan, ImageKind } from "./types";

/** Name of the stack output. */
export const LAB_OUTPUT = "lab";

/** Version of this contract. */
export const LAB_SCHEMA = 1;

export interface LabOutput {
  schema: number;
  /** The random part of every name in libvirt: `vxlab-<id>-…`. */
  id: string;
  underlay: { cidr: string; gateway: string; mtu: number };
  image: ImageKind;
  hosts: HostOutput[];
  containers: ContainerPlan[];
}

export interface HostOutput {
  name: string;
  /** Underlay address: the VTEP, and where SSH answers. */
  address: string;
  /** Public SSH host key, one authorized_keys line. */
  hostKey: string;
  /** Name of the libvirt domain. */
  domain: string;
  bridge: BridgePlan;
  ports: PortOutput[];
}

/** A host's attachment to one segment. */
export interface PortOutput {
  segment: string;
  vni: number;
  udpPort: number;
  /** MTU inside the segment, bytes. */
  mtu: number;
  /** One tunnel for each remote VTEP, by the name of its port in Open vSwitch. */
  tunnels: { port: string; host: string; address: string }[];
}
