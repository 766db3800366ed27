import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { PublishedLab } from "../../plan/contract";
import { hostOutput, labOutput } from "../../plan/lab-output";
import { planOverlay } from "../../plan/peers";
import { publishedLab } from "../../plan/published-lab";
import { privateKeyOf, tunnelKeyOf } from "../../plan/read-vteps";
import type { ContainerSpec, ExistingHostPlan, ExistingPlan, SegmentSpec } from "../../plan/types";
import { SECTION_NAMES, SectionSpecs } from "../../plan/settings";
import { LoginOutput, TunnelKeysOutput, VtepsOutput } from "../../plan/vteps";
import type { WireguardKeys } from "../encryption/keys.component";
import type { HostConnectionArgs } from "../guest-step";
import { sayHints } from "./hints";
import type { OvsBridge } from "../bridge/component";
import type { Impairment } from "../impairment/component";
import type { Connectivity } from "../connectivity/component";
import { child, stackIdentity, token } from "../naming";
import { declareOnHosts } from "./on-hosts";
import { partsOf, setParts } from "./known";
import type { LabContainer, LabSegment } from "./parts";
import { afterSections } from "./sections";
import { withoutContents } from "../container/content.component";
import { ContainerVariables } from "../container/variables.component";

/**
 * The own underlay, the underlays of peers, and what is put on the own hosts.
 *
 * @example
 * ```ts
 * const { login, ...underlay } = await ownUnderlay("organization/underlay/a");
 * const segments = { red: { vni: 100, subnet: "10.0.3.0/24" } };
 * const args: VxlanOverlayArgs = { underlay, login, segments, containers: { c1: { host: "a1" } } };
 * ```
 */
export interface VxlanOverlayArgs extends SectionSpecs {
  /** Its own underlay. */
  underlay: OverlayGroundArgs;
  /** OpenSSH private keys by host name (`VxlanUnderlay.login`). */
  login: pulumi.Input<LoginOutput>;
  /** Private keys of WireGuard by host name (`VxlanUnderlay.tunnelKeys`). @default none: no host encrypts */
  tunnelKeys?: pulumi.Input<TunnelKeysOutput>;
  /** Underlays of others, whose hosts are remote VTEPs. @default none */
  peers?: OverlayGroundArgs[];
  /** Bridges of the own hosts, by host name. @default "vxbr" without an address on each */
  hosts?: Record<string, OverlayHostArgs>;
  /** By segment name. */
  segments: Record<string, SegmentSpec>;
  /** By container name. */
  containers: Record<string, ContainerSpec>;
  /**
   * Environment variables of Docker containers, by container and name, beside those in `containers`. A secret value stays
   * one. @default none
   */
  env?: Record<string, ContainerVariables>;
  /**
   * Computed MAC addresses are hashes of it: no two overlays on one segment may have the same.
   * @default organization, project, stack and the resource's name
   */
  identity?: string;
  /** Longest wait for a machine's SSH to answer, seconds. @default 600 */
  bootTimeout?: number;
}

/**
 * An underlay stack and its output `vteps`.
 *
 * @example
 * ```ts
 * const [peer]: OverlayGroundArgs[] = await peerUnderlays(["organization/underlay/b"]);
 * ```
 */
export interface OverlayGroundArgs {
  /** Name of the stack, for messages and as a part of remote hosts' names. */
  stack: string;
  /** Its output `vteps`: where its hosts are. */
  vteps: VtepsOutput;
}

/**
 * The bridge of one of the overlay's own hosts.
 *
 * @example
 * ```ts
 * const hosts: Record<string, OverlayHostArgs> = { a1: { bridgeAddress: "10.1.2.10/24" } };
 * ```
 */
export interface OverlayHostArgs {
  /** The bridge's name on this host. @default "vxbr" */
  bridge?: string;
  /** Address of the bridge's own interface, with prefix length. @default none */
  bridgeAddress?: string;
  /** The host guard (docs/security.md). @default true */
  guard?: boolean;
}

/**
 * Bridges, VXLAN ports and containers on hosts of a `VxlanUnderlay`, and tunnels to the hosts of other underlays. Owners who each have an
 * underlay and an overlay need not wait for each other: overlays depend on underlays only.
 *
 * @throws TopologyError with everything that is wrong, before anything is declared
 * @example
 * ```ts
 * const { login, ...underlay } = await ownUnderlay("organization/underlay/a");
 * const overlay = new VxlanOverlay("overlay", {
 *   underlay,
 *   login,
 *   peers: await peerUnderlays(["organization/underlay/b"]),
 *   segments: { red: { vni: 100, subnet: "10.0.3.0/24" } },
 *   containers: { c1: { host: "a1" } },
 * });
 * ```
 */
export class VxlanOverlay extends pulumi.ComponentResource {
  /** The own side as the contract plan/contract.ts describes it; no secrets. */
  public readonly lab: pulumi.Output<PublishedLab>;

  constructor(name: string, args: VxlanOverlayArgs, opts?: pulumi.ComponentResourceOptions) {
    const { login, tunnelKeys, bootTimeout, ...shown } = args;
    super(token("VxlanOverlay"), name, { ...shown, ...withoutContents(containersOf(shown)) }, opts);
    const { underlay, peers = [], identity = `${stackIdentity()}/${name}` } = args;
    const { hosts, segments, containers } = args;
    const between = Object.fromEntries(SECTION_NAMES.map((section) => [section, args[section]]));
    const sections = { hosts, segments, containers, ...between };
    const input = { own: underlay, peers, identity, sections };
    const plan = planOverlay(input);
    sayHints(plan.hints, this);
    const labId = new random.RandomId(child(name, "id"), { byteLength: 4 }, { parent: this }).hex;
    const keys = pulumi.output(login);
    const targets = plan.hosts.map((host) => {
      const incarnation = underlay.vteps.hosts[host.name]?.machine;
      const privateKey = pulumi.secret(keys.apply((all) => privateKeyOf(all, host.name, underlay.stack)));
      const connection = { ...reach(host.existing), incarnation, privateKey, bootTimeout };
      return { plan: host, host: { connection, inside: {} }, keys: ownKeys(host, underlay, tunnelKeys) };
    });
    const parts = declareOnHosts(name, plan, labId, targets, this, args.env);
    setParts(this, { ...parts, hosts: {} });
    const hostOutputs = plan.hosts.map((host) => hostOutput(host, host.existing, publicKeys(underlay)));
    const lab = labId.apply((id) => publishedLab(labOutput(plan, id, hostOutputs)));
    this.lab = afterSections(lab, parts);
    // As in VxlanLab.
    this.registerOutputs({ lab });
  }

  /** By name of an own host. TypeScript only. */
  get bridges(): Readonly<Record<string, OvsBridge>> {
    return partsOf(this).bridges;
  }

  /** By segment name, with the ports of the own hosts. TypeScript only. */
  get segments(): Readonly<Record<string, LabSegment>> {
    return partsOf(this).segments;
  }

  /** By container name. TypeScript only. */
  get containers(): Readonly<Record<string, LabContainer>> {
    return partsOf(this).containers;
  }

  /** By name, then by the name of the host. TypeScript only. */
  get impairments(): Readonly<Record<string, Readonly<Record<string, Impairment>>>> {
    return partsOf(this).impairments;
  }

  /** By name. TypeScript only. */
  get checks(): Readonly<Record<string, Connectivity>> {
    return partsOf(this).checks;
  }
}

const containersOf = ({ containers }: Pick<VxlanOverlayArgs, "containers">) =>
  containers === undefined ? {} : { containers };

function ownKeys(
  { name }: ExistingHostPlan,
  { vteps, stack }: OverlayGroundArgs,
  keys: pulumi.Input<TunnelKeysOutput> = {},
): WireguardKeys | undefined {
  const encryption = vteps.hosts[name]?.encryption;
  if (encryption === undefined) return undefined;
  const privateKey = pulumi.secret(pulumi.output(keys).apply((all) => tunnelKeyOf(all, name, stack)));
  return { privateKey, publicKey: pulumi.output(encryption.publicKey) };
}

function publicKeys({ vteps }: OverlayGroundArgs): Record<string, string> {
  const hosts = Object.entries(vteps.hosts);
  return Object.fromEntries(
    hosts.flatMap(([name, { encryption }]) => (encryption ? [[name, encryption.publicKey]] : [])),
  );
}

function reach({
  sshAddress: address,
  port,
  user,
  hostKey,
}: ExistingPlan): Omit<HostConnectionArgs, "privateKey"> {
  return { address, port, user, hostKey };
}
