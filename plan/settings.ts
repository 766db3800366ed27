/** Every setting of a stack, in one table. */
import { CHECKS } from "../components/connectivity/spec";
import type { CheckSpec } from "../components/connectivity/spec";
import { CHAINS } from "../components/chain/spec";
import type { ChainSpec } from "../components/chain/spec";
import { CONTAINER } from "../components/container/spec";
import type { ContainerSpec } from "../components/container/spec";
import { HOST } from "../components/host/spec";
import type { HostSpec } from "../components/host/spec";
import { IMAGE } from "../components/image/spec";
import type { ImageSpec } from "../components/image/spec";
import { IMPAIRMENTS } from "../components/impairment/spec";
import type { ImpairmentSpec } from "../components/impairment/spec";
import { EVPN } from "../components/router/spec";
import type { EvpnSpec } from "../components/router/spec";
import { SEGMENT } from "../components/segment/spec";
import type { SegmentSpec } from "../components/segment/spec";
import { Accel, UNDERLAY } from "../components/underlay/spec";
import type { UnderlaySpec } from "../components/underlay/spec";
import { Role } from "./roles";
import type { Fields, SectionSetting } from "./setting";

/** The sections between what a topology declares, by name each (sections.ts). */
export interface SectionSpecs {
  /** What the network does wrong on purpose, by a name as a segment's (docs/impairments.md). @default none */
  impairments?: Record<string, ImpairmentSpec>;
  /** By a name of its own, as a segment's: what a container must reach, or must not (docs/checks.md). @default none */
  checks?: Record<string, CheckSpec>;
  /** By chain name: as a segment's (docs/chains.md). @default none */
  chains?: Record<string, ChainSpec>;
}

/**
 * What the author of a lab writes: the `vxlab:*` settings that make up a lab.
 *
 * @example
 * ```ts
 * const topology: Partial<Topology> = {
 *   hosts: { kvm1: { address: "192.168.10.11" }, kvm2: { address: "192.168.10.12" } },
 *   segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
 *   containers: { c1: { host: "kvm1" }, c2: { host: "kvm2" } },
 * };
 * ```
 */
export interface Topology extends SectionSpecs {
  /** The network that carries the tunnels. @default none */
  underlay: UnderlaySpec;
  /** Instead of underlay, a network on each of several hypervisors, by name (docs/hypervisors.md). @default none */
  underlays?: Record<string, UnderlaySpec>;
  /** What the machines boot. @default none */
  image: ImageSpec;
  /** By host name: 1 to 15 of a-z, 0-9 and -, not beginning or ending with -. @default none */
  hosts: Record<string, HostSpec>;
  /** By segment name: 1 to 15 of a-z, 0-9 and -, not beginning with -. @default none */
  segments: Record<string, SegmentSpec>;
  /** The BGP routers of segments with flooding: evpn (docs/flooding.md). @default none */
  evpn?: EvpnSpec;
  /** By container name: as a segment's. @default none */
  containers: Record<string, ContainerSpec>;
}

/** The other `vxlab:*` settings: how the lab is run, and which part of it a stack holds. */
export interface StackSpec {
  /**
   * The hypervisor's system QEMU: qemu:///system, or that of another machine (docs/hypervisors.md); VXLAB_LIBVIRT_URI in
   * the environment overrides it. @default the libvirt that vxlab finds
   */
  libvirtUri?: string;
  /**
   * What the stack holds (docs/stacks.md); lab (machines and what is on them), underlay (machines only), overlay (what
   * is on the machines of an underlay stack). @default lab
   */
  role?: Role;
  /** The stack of the overlay's own underlay; overlay stacks only, which require it. @default none */
  underlayStack?: string;
  /** Underlay stacks of other owners; overlay stacks only. @default none */
  peers?: string[];
  /**
   * Computed MAC addresses are hashes of it: labs that reach each other need different ones (docs/stacks.md). @default
   * lab; of an overlay its project and stack
   */
  identity?: string;
  /**
   * Hosts that the lab does without, with their containers, as if they were not in hosts; ./vxlab forget writes it
   * (docs/reliability.md). @default none
   */
  absent?: string[];
  /** What executes the machines' instructions; auto (KVM if it works), kvm, qemu (emulation). @default auto */
  accel?: Accel | "auto";
  /** Longest wait for a machine's SSH; 30 to 3600 seconds. @default 600 */
  bootTimeout?: number;
  /**
   * A plain pulumi preview and pulumi up look at the hosts too, as ./vxlab preview and ./vxlab up always do
   * (docs/drift.md); true or false. @default false
   */
  drift?: boolean;
}

const SECTION_SETTINGS = {
  impairments: IMPAIRMENTS,
  checks: CHECKS,
  chains: CHAINS,
} as const satisfies Fields<SectionSpecs>;

export const TOPOLOGY = {
  underlay: { kind: "section", fields: UNDERLAY, doc: "the network that carries the tunnels" },
  underlays: {
    kind: "named",
    each: { kind: "section", fields: UNDERLAY, doc: "the network on one hypervisor" },
    doc: "instead of `underlay`, a network on each of several hypervisors, by name ([hypervisors.md](hypervisors.md))",
  },
  image: { kind: "section", fields: IMAGE, doc: "what the machines boot" },
  hosts: {
    kind: "named",
    each: { kind: "section", fields: HOST, doc: "a host" },
    doc: "by host name: 1 to 15 of a-z, 0-9 and -, not beginning or ending with -",
  },
  segments: {
    kind: "named",
    each: { kind: "section", fields: SEGMENT, doc: "an Ethernet segment" },
    doc: "by segment name: 1 to 15 of a-z, 0-9 and -, not beginning with -",
  },
  evpn: {
    kind: "section",
    fields: EVPN,
    doc: "the BGP routers of segments with `flooding: evpn` ([flooding.md](flooding.md#evpn))",
  },
  containers: {
    kind: "named",
    each: { kind: "section", fields: CONTAINER, doc: "a container" },
    doc: "by container name: as a segment's",
  },
  ...SECTION_SETTINGS,
} as const satisfies Fields<Topology>;

export const STACK = {
  libvirtUri: {
    kind: "text",
    usual: "the libvirt that vxlab finds",
    doc: "the hypervisor's system QEMU: `qemu:///system`, or that of another machine ([hypervisors.md](hypervisors.md)); `VXLAB_LIBVIRT_URI` in the environment overrides it",
  },
  role: {
    kind: "choice",
    choices: {
      [Role.Lab]: "machines and what is on them",
      [Role.Underlay]: "machines only",
      [Role.Overlay]: "what is on the machines of an underlay stack",
    },
    default: Role.Lab,
    doc: "what the stack holds ([stacks.md](stacks.md))",
  },
  underlayStack: {
    kind: "text",
    doc: "the stack of the overlay's own underlay; overlay stacks only, which require it",
  },
  peers: { kind: "list", doc: "underlay stacks of other owners; overlay stacks only" },
  identity: {
    kind: "text",
    usual: "`lab`; of an overlay its project and stack",
    doc: "computed MAC addresses are hashes of it: labs that reach each other need different ones ([stacks.md](stacks.md#labs-that-reach-each-other))",
  },
  absent: {
    kind: "list",
    doc: "hosts that the lab does without, with their containers, as if they were not in `hosts`; `./vxlab forget` writes it ([reliability.md](reliability.md))",
  },
  accel: {
    kind: "choice",
    choices: {
      auto: "KVM if it works",
      [Accel.Kvm]: "",
      [Accel.Emulated]: "emulation",
    },
    default: "auto",
    doc: "what executes the machines' instructions",
  },
  bootTimeout: {
    kind: "integer",
    min: 30,
    max: 3600,
    unit: "seconds",
    default: 600,
    doc: "longest wait for a machine's SSH",
  },
  drift: {
    kind: "switch",
    default: false,
    doc: "a plain `pulumi preview` and `pulumi up` look at the hosts too, as `./vxlab preview` and `./vxlab up` always do ([drift.md](drift.md))",
  },
} as const satisfies Fields<StackSpec>;

/** All of them. */
export const SETTINGS: SectionSetting = {
  kind: "section",
  fields: { ...TOPOLOGY, ...STACK },
  doc: "vxlab's settings",
};

/** The settings that make up a topology. */
export const SECTIONS = Object.keys(TOPOLOGY) as readonly (keyof Topology)[];

/** The sections of sections.ts. */
export const SECTION_NAMES = Object.keys(SECTION_SETTINGS) as readonly (keyof SectionSpecs)[];
