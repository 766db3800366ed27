import * as pulumi from "@pulumi/pulumi";
import { DEFAULT_ENCAPSULATION, Encapsulation, ENCAPSULATIONS } from "../../plan/net/encap";
import { child, stackIdentity, token } from "../naming";
import { INTERFACE } from "../container/spec";
import { guestStep, inside } from "../guest-step";
import { MovableArgs, Place, placeOf, vtepOf } from "../host/context.component";
import { allowedSources } from "../port-security/plan";
import { hopVni } from "./carrier";
import { CHAIN, ChainFailure } from "./spec";
import type { EndPlan, HopPlan, TransparentHopPlan } from "./planned";
import { ChainWanted, hopsState, nextState } from "./thing";

/**
 * A service chain as a program asks for it.
 *
 * @example
 * ```ts
 * const end = (hop: string, host: KvmHost, bridge: pulumi.Output<string>, mac: string, address: string): ChainHopArgs => ({
 *   ...{ hop, host, bridge, ports: [`v-${hop}`], mac, addresses: [address] },
 * });
 * const args: ServiceChainArgs = {
 *   from: end("web", kvm1, bridge, "02:00:00:00:00:01", "10.0.3.10"),
 *   through: [{ hop: "fw", host: kvm1, bridge, ports: ["v-fw", "v-fw_1"] }],
 *   to: end("db", kvm2, bridge, "02:00:00:00:00:02", "10.0.3.11"),
 * };
 * ```
 */
export interface ServiceChainArgs {
  /** One end. */
  from: ChainHopArgs;
  /** Middle boxes, in the order from `from` to `to`. */
  through: ChainHopArgs[];
  /** The other end. */
  to: ChainHopArgs;
  /** The chain's name. @default the resource's name */
  chain?: string;
  /** What happens when a middle box is not running: packets are dropped, or go on to the next hop. @default ChainFailure.Closed */
  failure?: ChainFailure;
  /**
   * With ChainFailure.Open, a transparent middle box that misses three probes in a row is bypassed too: milliseconds between two probes.
   * @default none
   */
  probe?: number;
  /** How packets are carried between hosts. @default Encapsulation.Vxlan */
  encapsulation?: Encapsulation;
  /** UDP port of these packets. @default the encapsulation's */
  udpPort?: number;
}

/**
 * An end or a middle box of a chain. A transparent middle box has two ports and no MAC; a routed one has one, and its MAC.
 *
 * @example
 * ```ts
 * const fw: ChainHopArgs = { hop: "fw", host: kvm1, bridge, ports: ["v-fw", "v-fw_1"] };
 * ```
 */
export interface ChainHopArgs extends MovableArgs {
  /** Its name, unique in the chain. */
  hop: string;
  /** The host's bridge (`OvsBridge.bridge`). */
  bridge: pulumi.Input<string>;
  /**
   * The host's ports that lead to it (a container's `veth`, a service's `device`); of a transparent middle box, whose interfaces
   * have `vlan: 4095` and `portSecurity: false`, the one towards `from` and the one towards `to`.
   */
  ports: string[];
  /** MAC of its interface; required except for transparent middle boxes. @default none */
  mac?: string;
  /** Its addresses, with or without prefix length. @default none */
  addresses?: string[];
  /** Source prefixes that an end may send from, as its port security. @default its addresses, and the link-local one of its MAC */
  sources?: string[];
  /** False: an end may send from any address. @default true */
  portSecurity?: boolean;
  /** True for a segment's gateway: it also forwards packets for other addresses than its own. @default false */
  gateway?: boolean;
  /** The host's own VTEP. @default the host's `address` */
  local?: pulumi.Input<string>;
  /** VNI of packets to it between hosts. @default computed from organization, project, stack, the chain's name and the hop's */
  vni?: number;
}

/** A hop, completed with what its host knows. */
interface Placed<Hop> {
  hop: Hop;
  place: Place<ChainHopArgs>;
  hostName: string;
  bridge: pulumi.Input<string>;
  local: pulumi.Input<string>;
}

/** A hop without the values of its host. */
type Unplaced<Hop extends HopPlan> = Omit<Hop, "host" | "vtep">;
type EndHop = Unplaced<EndPlan>;
type BoxHop = EndHop | Unplaced<TransparentHopPlan>;

interface PlacedWay {
  from: Placed<EndHop>;
  through: Placed<BoxHop>[];
  to: Placed<EndHop>;
}

/**
 * Sends the IP packets between two ends through middle boxes, in order and both ways, wherever these run: by flows on the hosts' bridges,
 * and by tunnels of the chain's own between them (docs/chains.md).
 *
 * Each host has two steps: one for the packets that reach its hops, one for where packets go from there. The second steps wait for the
 * first steps of all hosts, so packets take a new path only once it is complete. With `dependsOn` on its middle boxes, packets are sent to
 * them once they run.
 *
 * @example
 * ```ts
 * new ServiceChain("web-db", {
 *   from: { hop: "web", host: kvm1, bridge, ports: ["v-web"], mac: "02:00:00:00:00:01", addresses: ["10.0.3.10"] },
 *   through: [{ hop: "fw", host: kvm1, bridge, ports: ["v-fw", "v-fw_1"] }],
 *   to: { hop: "db", host: kvm1, bridge, ports: ["v-db"], mac: "02:00:00:00:00:02", addresses: ["10.0.3.11"] },
 * });
 * ```
 */
export class ServiceChain extends pulumi.ComponentResource {
  /** The chain's name, known once its flows are in place. */
  public readonly chain: pulumi.Output<string>;

  constructor(name: string, args: ServiceChainArgs, opts: pulumi.ComponentResourceOptions = {}) {
    const { from, through, to, ...own } = args;
    const chain = args.chain ?? name;
    const end = (hop: ChainHopArgs) => placed(name, hop, opts, endOf(name, chain, hop, true));
    const box = (hop: ChainHopArgs) => placed(name, hop, opts, boxOf(name, chain, hop));
    const way = { from: end(from), through: through.map(box), to: end(to) };
    const hops = [way.from, ...way.through, way.to];
    // All hops have the same lab's id.
    const shown = hops.map(({ place }) => ({ ...place.shown, labId: undefined }));
    const { labId } = way.from.place.shown;
    const parts = { from: shown[0], through: shown.slice(1, -1), to: shown.at(-1) };
    super(token("ServiceChain"), name, { ...own, ...parts, labId }, opts);
    const wanted = wantedOf(chain, own, way);
    const hosts = new Map(hops.map((hop) => [hop.hostName, hop]));
    const steps = (part: string, stateOf: typeof hopsState, before: pulumi.Resource[]) =>
      [...hosts].map(([hostName, { bridge, local, place }]) => {
        const state = pulumi
          .all([wanted, bridge, local])
          .apply(([all, on, vtep]) => stateOf(all, { host: hostName, local: vtep, bridge: on }));
        const { host, opts: mine } = place;
        const options = { ...inside(this, mine), ...(before.length === 0 ? {} : { dependsOn: before }) };
        const step = { host, hostName, kind: "chain" as const, lab: labId, state };
        return guestStep(child(child(name, hostName), part), step, options);
      });
    const first = steps("hops", hopsState, []);
    const second = steps("next", nextState, first);
    this.chain = pulumi.all([chain, ...second.map(({ id }) => id)]).apply(([text]) => text);
    this.registerOutputs({ chain: this.chain });
  }
}

function placed<Hop>(
  name: string,
  args: ChainHopArgs,
  opts: pulumi.ComponentResourceOptions,
  hop: Hop,
): Placed<Hop> {
  const place = placeOf("ServiceChain", name, args, opts);
  const { hostName } = place;
  // Steps are declared by host, so the hosts' names must be known before that.
  if (typeof hostName !== "string") {
    const message = `${token("ServiceChain")} ${name}: the name of hop ${args.hop}'s host is not known yet. Set hostName to a string.`;
    throw new pulumi.RunError(message);
  }
  return { hop, place, hostName, bridge: args.bridge, local: args.local ?? vtepOf(args.host) };
}

/** An end, or a routed middle box. */
function endOf(name: string, chain: string, args: ChainHopArgs, isEnd: boolean): EndHop {
  const { mac, gateway = false } = args;
  const [port, another] = args.ports;
  if (port === undefined || another !== undefined || mac === undefined) {
    const message = `${token("ServiceChain")} ${name}: hop ${args.hop} needs one port and its mac, or as a transparent middle box two ports and no mac. Set ports and mac.`;
    throw new pulumi.RunError(message);
  }
  const sources = isEnd ? sourcesOf(args, mac) : undefined;
  return {
    ...{ ...numbered(chain, args), ports: [port], mac, addresses: bareOf(args) },
    ...(sources === undefined ? {} : { sources }),
    ...(gateway ? { gateway } : {}),
  };
}

function boxOf(name: string, chain: string, args: ChainHopArgs): BoxHop {
  const [inner, outer, third] = args.ports;
  const isTransparent = args.mac === undefined && third === undefined;
  if (!isTransparent || inner === undefined || outer === undefined) return endOf(name, chain, args, false);
  return { ...numbered(chain, args), ports: [inner, outer], addresses: bareOf(args) };
}

const numbered = (chain: string, { hop, vni }: ChainHopArgs) => ({
  ...{ name: hop, vni: vni ?? hopVni(stackIdentity(), chain, hop) },
});

const bareOf = ({ addresses = [] }: ChainHopArgs): string[] =>
  addresses.map((one) => one.split("/")[0] ?? one);

/** Without bridges: a step gets its own host's bridge only, so that a new machine of another host does not replace the step. */
function wantedOf(
  chain: string,
  {
    failure = CHAIN.failure.default,
    probe,
    encapsulation = DEFAULT_ENCAPSULATION,
    udpPort = ENCAPSULATIONS[encapsulation].udpPort,
  }: Omit<ServiceChainArgs, "from" | "through" | "to">,
  { from, through, to }: PlacedWay,
): pulumi.Output<ChainWanted> {
  const at = <Hop>({ hop, hostName: host, local }: Placed<Hop>) =>
    pulumi.output(local).apply((vtep) => ({ ...hop, host, vtep }));
  return pulumi
    .all([at(from), pulumi.all(through.map(at)), at(to)])
    .apply(([first, between, last]): ChainWanted => ({
      ...{ name: chain, failure, encapsulation, udpPort },
      ...(probe === undefined ? {} : { probe }),
      hops: [first, ...between, last],
    }));
}

function sourcesOf(
  { addresses = [], sources, portSecurity = INTERFACE.portSecurity.default, gateway = false }: ChainHopArgs,
  mac: string,
): string[] | undefined {
  if (!portSecurity || gateway) return undefined;
  return sources ?? allowedSources({ mac, addresses });
}
