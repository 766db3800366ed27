/** Containers that have been read (resolved.ts). */
import type { ContainerKind } from "../components/container/kinds";
import type { KindSettings } from "../components/container/kinds/spec";
import type { ContainerSpec, InterfaceSpec } from "../components/container/spec";
import type { Subnet } from "./addresses";
import type { ExecPlan, FilePlan, PortPlan, SysctlPlan } from "./workload-plan";
import type { ResolvedSegment } from "./resolved-ground";

export interface ResolvedContainer {
  name: string;
  spec: ContainerSpec;
  host: string;
  content: Content;
  /** Empty: the image's own. */
  command: readonly string[];
  files: readonly FilePlan[];
  exec: readonly ExecPlan[];
  routes: readonly ResolvedRoute[];
  sysctls: readonly SysctlPlan[];
  /** As they are written. */
  ports: readonly PortPlan[];
  /** eth0, eth1, … */
  nics: readonly ResolvedNic[];
}

/** A route of a container, default routes by its interfaces' gateways among them. */
export interface ResolvedRoute {
  to: Subnet;
  via: bigint;
  /** The place that `via` is in. */
  place: Place;
}

/** What a container is made of. */
export type Content = { kind: ContainerKind } & KindSettings;

interface AnyNic {
  container: string;
  /** 0 is eth0. */
  number: number;
  spec: InterfaceSpec;
  /** Path of one of its settings. */
  at: (key: string) => string;
  mac: string;
}

/** An interface in one segment, untagged inside. */
export interface AccessNic extends AnyNic {
  place: Place;
  trunk?: undefined;
  side?: undefined;
  /** Takes its IPv4 address from the segment's DHCP server. */
  dhcp: boolean;
  /** Has `address: none`. */
  bare: boolean;
}

/** An interface that carries several segments, tagged. */
export interface TrunkNic extends AnyNic {
  place?: undefined;
  trunk: readonly (Place & { vlan: number })[];
  side?: undefined;
}

/** A side of a transparent middle box: in no segment, without address. */
export interface SideNic extends AnyNic {
  place?: undefined;
  trunk?: undefined;
  side: NonNullable<InterfaceSpec["chain"]>;
}

export type ResolvedNic = AccessNic | TrunkNic | SideNic;

/** An interface's place in one segment. */
export interface Place {
  segment: ResolvedSegment;
  /** Path of the setting that names the segment, and what is written there. */
  path: string;
  got: unknown;
  /** IPv4 first; without addresses from DHCP. */
  addresses: readonly AssignedAddress[];
  portSecurity: boolean;
}

export interface AssignedAddress {
  address: bigint;
  subnet: Subnet;
  computed: boolean;
  /** The setting where it is, or may be, written. */
  path: string;
  got: unknown;
}
