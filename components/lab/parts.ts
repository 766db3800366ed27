/** The components that a lab is made of, for resources that depend on one of them. */
import type { OvsBridge } from "../bridge/component";
import type { WireguardKeys } from "../encryption/keys.component";
import type * as kinds from "../container/kinds/index.component";
import type { HostPlan } from "../../plan/lab-plan";
import type { HostContext } from "../host/context.component";
import type { ExistingHost } from "../host/existing-host.component";
import type { KvmHost } from "../host/kvm-host.component";
import type { VxlanPort } from "../segment/component";
import type { SegmentService } from "../service/component";

/** A host of a lab: both kinds have `address`, `hostKey`, `connection` and `inside`. */
export type LabHost = KvmHost | ExistingHost;

/** A container of a lab: all kinds have `addresses`. */
export type LabContainer = InstanceType<(typeof kinds)[keyof typeof kinds]>;

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
  /** Its gateways for the containers of single hosts, by host name; absent without any. */
  gateways?: Record<string, SegmentService>;
}

/** What every lab has on hosts, whatever its sections, by name. */
export interface GroundParts {
  /** By host name. */
  bridges: Record<string, OvsBridge>;
  segments: Record<string, LabSegment>;
  containers: Record<string, LabContainer>;
}

/** A host of the plan, and what the things on it need. */
export interface TargetHost {
  plan: HostPlan;
  host: Pick<HostContext, "connection" | "inside">;
  /** Of a host that encrypts. */
  keys?: WireguardKeys | undefined;
}

/** A host with what is on it before any section. */
export interface DeclaredHost extends TargetHost {
  bridge: OvsBridge;
}
