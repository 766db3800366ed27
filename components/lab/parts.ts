/** The components that a lab is made of, for resources that depend on one of them. */
import type { OvsBridge } from "../bridge/component";
import type { CONTAINER_COMPONENTS } from "../container/kinds/index.component";
import type { ContainerKind } from "../container/spec";
import type { ExistingHost } from "../host/existing-host.component";
import type { KvmHost } from "../host/kvm-host.component";
import type { Impairment } from "../impairment/component";
import type { VxlanPort } from "../segment/component";
import type { SegmentService } from "../service/component";

/** A host of a lab: both kinds have `address`, `hostKey`, `connection` and `inside`. */
export type LabHost = KvmHost | ExistingHost;

/** A container of a lab: all kinds have `addresses`. */
export type LabContainer = InstanceType<(typeof CONTAINER_COMPONENTS)[ContainerKind]>;

/**
 * A segment of a lab.
 *
 * @example
 * ```ts
 * const portOf = (red: LabSegment) => red.ports["kvm1"];
 * ```
 */
export interface LabSegment {
  /** The ports of the hosts that take part, by host name. */
  ports: Record<string, VxlanPort>;
  /** Its DHCP server and gateway, where it has one. */
  service?: SegmentService;
}

/** Everything in a lab, by name. */
export interface LabParts {
  hosts: Record<string, LabHost>;
  /** By host name. */
  bridges: Record<string, OvsBridge>;
  segments: Record<string, LabSegment>;
  containers: Record<string, LabContainer>;
  /** By name, then by host name. */
  impairments: Record<string, Record<string, Impairment>>;
}

/** No fields of the components: each of those is an output in every language, and a component cannot be one. */
const known = new WeakMap<object, LabParts>();

export function setParts(lab: object, parts: LabParts): void {
  known.set(lab, parts);
}

export function partsOf(lab: object): LabParts {
  return known.get(lab) ?? { hosts: {}, bridges: {}, segments: {}, containers: {}, impairments: {} };
}
